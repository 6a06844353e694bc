-- Approvals of production deployments: one row a deployment and approval that is bound to what it
-- brought, or that was given for the same service and environment and is bound to something else.
-- `of_deployment`: it names that very deployment, or its run. `timing` is `not independent` where
-- it had all its grants before, and fewer of persons who neither asked for it nor made it.
WITH said AS (
    SELECT
        approval_key,
        unnest(list_concat(
            [
                {
                    'kind': split_part(subject, ' ', 1),
                    -- A release is a service's; a subject names it by its version alone, in which
                    -- there may be spaces.
                    'value': CASE WHEN starts_with(subject, 'release ') THEN service || ' ' ELSE '' END
                        || substr(subject, strpos(subject, ' ') + 1)
                }
                FOR subject IN subjects
            ],
            [
                one FOR one IN [
                    {'kind': 'artifact', 'value': artifact}, {'kind': 'commit', 'value': commit},
                    {'kind': 'release', 'value': service || ' ' || release},
                    {'kind': 'run', 'value': run}, {'kind': 'deployment', 'value': deployment}
                ] IF one.value IS NOT NULL
            ]
        )) AS subject
    FROM approvals
),

-- The most exact binding of each approval: what is bound to a digest is not for another digest of
-- the same commit.
ranked AS (
    SELECT
        approval_key,
        subject.kind AS kind,
        subject.value AS value,
        list_position(
            ['artifact', 'config', 'release', 'commit', 'deployment', 'run', 'plan'], subject.kind
        ) AS rank,
        min(rank) OVER (PARTITION BY approval_key) AS best
    FROM said
),

matched AS (
    SELECT DISTINCT s.deployment_key, r.approval_key, s.artifact, r.kind AS bound_by
    FROM ranked AS r
    INNER JOIN approvals AS a USING (approval_key)
    INNER JOIN deployment_subjects AS s
        ON r.kind = s.kind AND r.value = s.value
        AND (s.source IS NULL OR a.source = s.source OR a.repository = s.repository)
    WHERE r.rank = r.best
),

-- What was approved last for the same service and environment shows what was approved instead.
given AS (
    SELECT
        approval_key, service, unnest(environments) AS environment,
        coalesce(granted_from, decided_at, requested_at) AS since
    FROM approvals
    WHERE service IS NOT NULL
),

beside AS (
    SELECT d.deployment_key, g.approval_key
    FROM production_deployments AS d
    ASOF JOIN given AS g
        ON d.service = g.service AND d.environment = g.environment AND d.began_at >= g.since
),

paired AS (
    SELECT deployment_key, approval_key, artifact, bound_by FROM matched
    UNION ALL
    SELECT b.deployment_key, b.approval_key, NULL, NULL
    FROM beside AS b
    ANTI JOIN matched AS m USING (deployment_key, approval_key)
)

SELECT
    p.deployment_key,
    p.artifact,
    p.bound_by,
    a.approval_key,
    a.state,
    a.granted_from,
    a.granted_until,
    a.requester,
    a.authors,
    a.approvers,
    a.assurance,
    a.positions,
    list_contains(a.environments, d.environment) AS for_environment,
    len(a.environments) = 0 AS for_any,
    coalesce(a.run = d.run OR a.deployment = d.deployment, FALSE)
    AND coalesce(a.source = d.source OR a.repository = d.repository, FALSE) AS of_deployment,
    CASE
        WHEN c.given_at <= d.began_at AND coalesce(c.granted_at > d.began_at, TRUE)
            THEN 'not independent'
        WHEN a.granted_from IS NULL THEN 'never'
        WHEN a.granted_from > d.began_at THEN 'after'
        WHEN a.granted_until <= d.began_at THEN 'ended'
        WHEN NOT g.is_dated THEN 'undated'
        WHEN g.recorded_at <= d.began_at
            OR g.recorded_at <= a.granted_from + (SELECT max_ingest_delay FROM control_settings) THEN 'before'
        ELSE 'recorded afterwards'
    END AS timing
FROM paired AS p
INNER JOIN approvals AS a USING (approval_key)
INNER JOIN production_deployments AS d USING (deployment_key)
LEFT JOIN approval_counts AS c USING (approval_key)
LEFT JOIN approval_grants AS g USING (approval_key)
