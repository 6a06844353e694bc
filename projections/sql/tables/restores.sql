-- Trials of restoring a backup: one row a trial, with the newest backup of that set before it.
WITH backups AS (
    SELECT backup_set, occurred_at, max(position) AS position
    FROM recovery_facts
    WHERE what = 'backup.finished' AND outcome = 'success' AND backup_set IS NOT NULL
        AND occurred_at IS NOT NULL
    GROUP BY backup_set, occurred_at
)

SELECT
    r.position,
    r.source,
    r.recovery,
    r.service,
    r.environment,
    r.occurred_at AS finished_at,
    r.outcome,
    r.verified,
    r.backup_set,
    b.occurred_at AS backup_at,
    b.position AS backup_position,
    epoch(r.occurred_at) - epoch(b.occurred_at) AS backup_age_s,
    r.duration_s,
    r.rto_wanted_s,
    r.rto_reached_s,
    CASE WHEN r.outcome = 'success' THEN r.rto_reached_s <= r.rto_wanted_s END AS rto_kept,
    r.rpo_wanted_s,
    r.rpo_reached_s,
    CASE WHEN r.outcome = 'success' THEN r.rpo_reached_s <= r.rpo_wanted_s END AS rpo_kept,
    r.data_loss,
    r.assurance
FROM (SELECT * FROM recovery_facts WHERE what = 'restore.tested') AS r
ASOF LEFT JOIN backups AS b
    ON r.backup_set = b.backup_set AND r.occurred_at >= b.occurred_at
