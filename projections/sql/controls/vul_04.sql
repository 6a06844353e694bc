-- VUL-04: was everything in production scanned in each interval?
-- Of every service a whole scan of its code, packages, images or running site that ran to its end.
-- Not judged: scans after significant changes, since nothing says which changes are.
SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'VUL-04'
