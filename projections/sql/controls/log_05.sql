-- LOG-05: was the log looked at in each interval?
-- Somebody read of it, or took a copy, which the ledger itself records. Not judged: what they made
-- of it, which nothing tells.
SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'LOG-05'
