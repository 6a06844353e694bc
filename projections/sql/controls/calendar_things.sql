-- What must be done once in each interval, and for what: one row a test and thing, with the instant
-- since which the thing is there.
WITH backups AS (
    SELECT
        coalesce(backup_set, service || '@' || environment, service, environment, source) AS thing,
        arg_max(service, position) AS service,
        arg_max(environment, position) AS environment,
        min(least(occurred_at, recorded_at)) AS since,
        [min(position), max(position)] AS positions
    FROM recovery_facts
    WHERE what IN ('backup.finished', 'restore.tested')
    GROUP BY thing
)

SELECT
    unnest(['DR-01', 'VUL-04']) AS test,
    service AS thing,
    service,
    CAST(NULL AS VARCHAR) AS environment,
    min(began_at) AS since,
    arg_min(positions, began_at) AS positions
FROM production_deployments
WHERE service IS NOT NULL
GROUP BY service
UNION ALL BY NAME
SELECT 'DR-02' AS test, thing, service, environment, since, positions FROM backups
UNION ALL BY NAME
SELECT
    'ACC-02' AS test,
    target AS thing,
    min(least(occurred_at, recorded_at)) AS since,
    [min(position)] AS positions
FROM access_facts
WHERE what IN ('access.granted', 'access.reviewed') AND target IS NOT NULL
GROUP BY target
UNION ALL BY NAME
SELECT 'LOG-05' AS test, 'ledger' AS thing, ledger_begin AS since, [last_position] AS positions
FROM control_now
WHERE last_position IS NOT NULL
UNION ALL BY NAME
SELECT
    'MON-01' AS test,
    framework || ' ' || control AS thing,
    min(least(occurred_at, recorded_at)) AS since,
    [min(position)] AS positions
FROM governance_facts
WHERE what IN ('control.evaluated', 'deficiency.opened') AND framework || control IS NOT NULL
GROUP BY thing
