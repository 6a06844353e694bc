-- The line's deployments, what went wrong after them, and how it was mended.
WITH incidents_of AS (
    -- The incident of each failed deployment of the line; stated (R8 F2) comes before inferred
    -- (F5).
    SELECT
        r.incident_key,
        arg_min(l.deployment, (r.rule, l.finished_at)) AS deployment,
        arg_min(l.environment, (r.rule, l.finished_at)) AS environment,
        min(r.rule) AS rule
    FROM failure_reasons AS r
    INNER JOIN trace_deployments AS l USING (deployment_key)
    WHERE r.incident_key IS NOT NULL
    GROUP BY r.incident_key
),

harmed AS (
    SELECT * FROM trace_deployments WHERE harmed_at IS NOT NULL AND counts_in_line
),

remedies AS (
    SELECT l.deployment_key, l.deployment, r.by_key
    FROM failure_reasons AS r
    INNER JOIN trace_deployments AS l USING (deployment_key)
    WHERE r.by_key IS NOT NULL
    UNION
    -- What failed itself is mended by the next success of its line (R11).
    SELECT l.deployment_key, l.deployment, s.deployment_key
    FROM harmed AS l
    ASOF JOIN (
        SELECT line, finished_at, arg_min(deployment_key, last_position) AS deployment_key
        FROM deployments
        WHERE succeeded AND counts_in_line AND line IN (SELECT one.line FROM harmed AS one)
        GROUP BY line, finished_at
    ) AS s
        ON l.line = s.line AND l.harmed_at < s.finished_at
)

SELECT
    'deployment' AS hop,
    environment,
    'deployment' AS item,
    deployment AS id,
    service,
    finished_at AS happened_at,
    outcome,
    coalesce(triggered_by, actor) AS person,
    tie,
    tied_to,
    succeeded AS holds,
    list_filter(
        ['kind=' || kind, 'release=' || release, 'commit=' || commit, 'run=' || run,
         'ticket=' || ticket,
         CASE WHEN NOT counts_in_line THEN 'corroborates what ' || line_source || ' reports' END],
        lambda one: one IS NOT NULL
    ) AS facts,
    source,
    assurance,
    positions
FROM trace_deployments
UNION ALL
SELECT
    'deployment',
    environment,
    'deployment',
    deployment,
    service,
    happened_at,
    coalesce(outcome, 'begun'),
    person,
    CASE
        WHEN list_has_any(artifacts, a.own) THEN 'artifact'
        WHEN commit IN (SELECT value FROM trace_origins WHERE kind = 'commit') THEN 'commit'
        ELSE 'deployment'
    END,
    coalesce(list_intersect(artifacts, a.own)[1], commit, deployment),
    FALSE,
    list_filter(['run=' || run, 'ticket=' || ticket], lambda one: one IS NOT NULL),
    source,
    assurance,
    positions
FROM trace_attempts
CROSS JOIN (SELECT (SELECT list(artifact) FROM trace_artifacts) AS own) AS a
WHERE deployment_key IN (SELECT value FROM trace_origins WHERE kind = 'deployment')
    OR list_has_any(artifacts, a.own)
UNION ALL
SELECT
    'incident',
    coalesce(i.environment, o.environment),
    'incident',
    i.incident,
    i.service,
    i.started_at,
    CASE WHEN i.ended_at IS NULL THEN 'open' ELSE 'over' END,
    NULL,
    CASE o.rule WHEN 'F2' THEN 'deployment' ELSE 'time' END,
    o.deployment,
    TRUE,
    list_filter(
        ['severity=' || i.severity, 'cause=' || i.cause, 'rule=' || o.rule],
        lambda one: one IS NOT NULL
    ),
    i.source,
    NULL,
    i.positions
FROM incidents AS i
INNER JOIN incidents_of AS o USING (incident_key)
UNION ALL
SELECT
    'recovery',
    coalesce(i.environment, o.environment),
    'incident.restored',
    i.incident,
    i.service,
    coalesce(i.restored_at, i.ended_at),
    CASE WHEN i.restored_at IS NOT NULL THEN 'restored' ELSE 'resolved' END,
    NULL,
    'incident',
    i.incident,
    TRUE,
    list_filter(['impaired_s=' || i.impaired_s], lambda one: one IS NOT NULL),
    i.source,
    NULL,
    i.positions
FROM incidents AS i
INNER JOIN incidents_of AS o USING (incident_key)
WHERE i.ended_at IS NOT NULL
UNION ALL
SELECT
    'recovery',
    d.environment,
    'deployment',
    d.deployment,
    d.service,
    d.finished_at,
    d.outcome,
    coalesce(d.triggered_by, d.actor),
    'deployment',
    r.deployment,
    d.succeeded,
    list_filter(['kind=' || d.kind], lambda one: one IS NOT NULL),
    d.source,
    d.assurance,
    d.positions
FROM remedies AS r
INNER JOIN deployments AS d ON r.by_key = d.deployment_key
