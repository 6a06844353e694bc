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

failed AS (
    SELECT
        d.deployment_key,
        d.line,
        r.rules,
        r.failed_itself,
        r.is_confirmed,
        CASE WHEN r.failed_itself THEN d.harmed_at ELSE d.finished_at END AS failed_at
    FROM reasons AS r
    INNER JOIN deployments AS d USING (deployment_key)
),

-- R11 (1) and (3): the incidents attributed to it.
attributed AS (
    SELECT
        r.deployment_key,
        list_sort(list(r.incident_key)) AS incident_keys,
        min(i.started_at) AS impact_from,
        CASE WHEN bool_and(i.restored_at IS NOT NULL) THEN max(i.restored_at) END AS restored_at,
        -- One that was restored is over although its ticket may be open still.
        CASE WHEN bool_and(i.ended_at IS NOT NULL) THEN max(coalesce(i.resolved_at, i.ended_at)) END
            AS resolved_at,
        flatten(list(i.positions)) AS positions
    FROM failure_reasons AS r
    INNER JOIN incidents AS i USING (incident_key)
    GROUP BY r.deployment_key
),

-- What took it back, or says that it remedies it.
blaming AS (
    SELECT r.deployment_key, flatten(list(m.positions)) AS positions
    FROM failure_reasons AS r
    INNER JOIN deployments AS m ON r.by_key = m.deployment_key
    GROUP BY r.deployment_key
),

-- R11 (2): what remedied it; for what failed itself, the next success of the attempt or its line.
remedies AS (
    SELECT f.deployment_key, m.finished_at AS remedied_at, m.positions
    FROM failed AS f
    INNER JOIN failure_reasons AS r USING (deployment_key)
    INNER JOIN deployments AS m ON r.by_key = m.deployment_key
    WHERE m.finished_at > f.failed_at
    UNION ALL
    SELECT h.deployment_key, a.occurred_at, [a.position]
    FROM deployment_reports AS h
    INNER JOIN failed AS f ON h.deployment_key = f.deployment_key AND h.occurred_at = f.failed_at
    INNER JOIN deployment_reports AS a
        ON h.deployment_key = a.deployment_key AND h.component_key = a.component_key
    WHERE h.had_impact AND a.succeeded AND a.occurred_at > h.occurred_at
    UNION ALL
    SELECT f.deployment_key, s.finished_at, s.positions
    FROM (SELECT * FROM failed WHERE failed_itself) AS f
    ASOF JOIN (
        SELECT line, finished_at, arg_min(positions, last_position) AS positions
        FROM deployments
        WHERE succeeded AND counts_in_line AND line IN (SELECT line FROM failed)
        GROUP BY line, finished_at
    ) AS s ON f.line = s.line AND f.failed_at < s.finished_at
),

ended AS (
    SELECT
        f.*,
        coalesce(a.incident_keys, []) AS incident_keys,
        list_concat(
            a.positions,
            b.positions,
            CASE WHEN a.restored_at IS NULL THEN m.positions END
        ) AS other_positions,
        a.impact_from,
        a.restored_at,
        a.resolved_at,
        m.remedied_at,
        coalesce(a.restored_at, m.remedied_at, a.resolved_at) AS recovered_at
    FROM failed AS f
    LEFT JOIN attributed AS a USING (deployment_key)
    LEFT JOIN blaming AS b USING (deployment_key)
    LEFT JOIN (
        SELECT
            deployment_key,
            min(remedied_at) AS remedied_at,
            arg_min(positions, (remedied_at, positions)) AS positions
        FROM remedies
        GROUP BY deployment_key
    ) AS m USING (deployment_key)
)

SELECT
    deployment_key,
    d.line,
    d.service,
    d.environment,
    d.tier,
    d.team,
    d.repository,
    d.deployment,
    d.finished_at,
    e.rules,
    e.is_confirmed,
    e.failed_at,
    e.recovered_at,
    CASE
        WHEN e.restored_at IS NOT NULL THEN 'incidents restored'
        WHEN e.remedied_at IS NOT NULL THEN 'remedied by a deployment'
        WHEN e.resolved_at IS NOT NULL THEN 'incidents resolved'
        ELSE 'open'
    END AS recovered_by,
    epoch(e.recovered_at) - epoch(e.failed_at) AS recovery_s,
    epoch(e.recovered_at) - epoch(coalesce(e.impact_from, e.failed_at)) AS from_impact_s,
    e.incident_keys,
    list_sort(list_distinct(list_concat(d.positions, e.other_positions))) AS positions
FROM ended AS e
INNER JOIN deployments AS d USING (deployment_key)
