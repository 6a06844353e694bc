-- DR-02: was restoring tried in each interval, of each set of backups, and what came of it
-- verified? A set that no backup is told of any more is still to be tried: leaving it out would be
-- no excuse.
SELECT * EXCLUDE (test) FROM calendar_items WHERE test = 'DR-02'
