-- DR-01: was failing over exercised in each interval, within its targets?
-- Of every service that is in production; a real failover shows the same as an exercise. Not
-- judged: whether its lessons are followed, which no field tells.
SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'DR-01'
