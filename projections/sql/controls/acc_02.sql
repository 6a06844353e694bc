-- ACC-02: were rights reviewed in each interval, and what was to go removed?
-- Of everything that somebody ever got rights on. A review names its reviewer; each right that it
-- wants removed is gone already, or is taken back within the limit.
SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'ACC-02'
