-- R14: what was said later of deployments: one row a deployment that it names. Of each thing the
-- latest statement holds. An id is one of whoever says so, or else of the service and environment
-- that the statement names; where it could be of several sources, it restates nothing.
WITH statements AS (
    SELECT
        row_number() OVER () AS statement,
        source,
        deployment,
        service,
        environment,
        arg_max(impact, position) AS impact,
        max(position) FILTER (WHERE impact IS NOT NULL) AS impact_at,
        arg_max(remediates, position) AS remediates,
        max(position) FILTER (WHERE remediates IS NOT NULL) AS remediates_at,
        arg_max(rolls_back, position) AS rolls_back,
        max(position) FILTER (WHERE rolls_back IS NOT NULL) AS rolls_back_at,
        list(position) AS positions
    FROM deployment_facts
    WHERE what = 'assessed'
    GROUP BY source, deployment, service, environment
),

reported AS (
    SELECT DISTINCT source, deployment, service, environment, deployment_key
    FROM deployment_facts
    WHERE what = 'finished' AND deployment_key IS NOT NULL
        AND deployment IN (SELECT deployment FROM statements)
),

named AS (
    SELECT
        s.statement,
        r.deployment_key,
        s.source = r.source AS is_own
    FROM statements AS s
    INNER JOIN reported AS r
        ON s.deployment = r.deployment
        AND coalesce(s.service, r.service) = r.service
        AND coalesce(s.environment, r.environment) = r.environment
    WHERE s.source = r.source OR s.service IS NOT NULL OR s.deployment IN (
        SELECT deployment FROM reported GROUP BY deployment HAVING count(DISTINCT source) = 1
    )
),

owned AS (
    SELECT statement FROM named WHERE is_own
),

told AS (
    SELECT n.deployment_key, s.*
    FROM named AS n
    INNER JOIN statements AS s USING (statement)
    WHERE n.is_own OR n.statement NOT IN (SELECT statement FROM owned)
)

SELECT
    deployment_key,
    arg_max(impact, impact_at) AS impact,
    arg_max(remediates, remediates_at) AS remediates,
    arg_max(rolls_back, rolls_back_at) AS rolls_back,
    flatten(list(positions)) AS positions
FROM told
GROUP BY deployment_key
