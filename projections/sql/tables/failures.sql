-- Failed deployments: one row each, however many reasons (R8), and when it was recovered (R11).
WITH reasons AS (
    SELECT
        deployment_key,
        list_sort(list(DISTINCT rule)) AS rules,
        bool_or(rule = 'F1') AS failed_itself,
        bool_or(rule <> 'F5') AS is_confirmed
    FROM failure_reasons
    GROUP BY deployment_key
),

-- R11 (1) and (3): the incidents attributed to it.
attributed AS (
    SELECT
        r.deployment_key,
        list_sort(list(DISTINCT r.incident_key)) AS incident_keys,
        min(i.started_at) AS impact_from,
        CASE WHEN bool_and(i.restored_at IS NOT NULL) THEN max(i.restored_at) END AS restored_at,
        CASE WHEN bool_and(i.resolved_at IS NOT NULL) THEN max(i.resolved_at) END AS resolved_at
    FROM failure_reasons AS r
    INNER JOIN incidents AS i USING (incident_key)
    GROUP BY r.deployment_key
),

failed AS (
    SELECT
        d.*,
        r.* EXCLUDE (deployment_key),
        CASE WHEN r.failed_itself THEN d.harmed_at ELSE d.finished_at END AS failed_at
    FROM deployments AS d
    INNER JOIN reasons AS r USING (deployment_key)
),

-- R11 (2): what remedied it; for what failed itself, its next success or that of its line.
remedies AS (
    SELECT f.deployment_key, min(remedy.finished_at) AS remedied_at
    FROM failed AS f
    INNER JOIN failure_reasons AS r USING (deployment_key)
    INNER JOIN deployments AS remedy ON r.by_key = remedy.deployment_key
    WHERE remedy.finished_at > f.failed_at
    GROUP BY f.deployment_key
),

successes AS (
    SELECT line, finished_at
    FROM deployments
    WHERE succeeded AND counts_in_line
),

next_success AS (
    SELECT f.deployment_key, s.finished_at AS succeeded_at
    FROM (SELECT * FROM failed WHERE failed_itself) AS f
    ASOF JOIN successes AS s ON f.line = s.line AND f.failed_at < s.finished_at
),

ended AS (
    SELECT
        f.*,
        coalesce(a.incident_keys, []) AS incident_keys,
        a.impact_from,
        a.restored_at,
        a.resolved_at,
        least(m.remedied_at, n.succeeded_at) AS remedied_at
    FROM failed AS f
    LEFT JOIN attributed AS a USING (deployment_key)
    LEFT JOIN remedies AS m USING (deployment_key)
    LEFT JOIN next_success AS n USING (deployment_key)
)

SELECT
    deployment_key,
    line,
    service,
    environment,
    tier,
    team,
    repository,
    deployment,
    finished_at,
    rules,
    is_confirmed,
    failed_at,
    coalesce(restored_at, remedied_at, resolved_at) AS recovered_at,
    CASE
        WHEN restored_at IS NOT NULL THEN 'incidents restored'
        WHEN remedied_at IS NOT NULL THEN 'remedied by a deployment'
        WHEN resolved_at IS NOT NULL THEN 'incidents resolved'
        ELSE 'open'
    END AS recovered_by,
    epoch(coalesce(restored_at, remedied_at, resolved_at)) - epoch(failed_at) AS recovery_s,
    epoch(coalesce(restored_at, remedied_at, resolved_at))
    - epoch(coalesce(impact_from, failed_at)) AS from_impact_s,
    incident_keys,
    positions
FROM ended
