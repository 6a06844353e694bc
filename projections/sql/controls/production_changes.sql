-- Changes that went to production in the window: one row a change, with the first production
-- deployment that brought it; and each deployment that brought something new of which nobody says
-- to which change it belongs. `authorised_at`: the first approval of that deployment, else of the
-- change, else its merge.
WITH came AS (
    SELECT DISTINCT c.change_key, d.deployment_key, d.began_at
    FROM deployment_changes AS c
    INNER JOIN production_deployments AS d USING (deployment_key)
    WHERE c.change_key IS NOT NULL
),

firsts AS (
    SELECT change_key, arg_min(deployment_key, (began_at, deployment_key)) AS deployment_key
    FROM came
    GROUP BY change_key
),

others AS (
    SELECT CAST(NULL AS VARCHAR) AS change_key, deployment_key
    FROM production_deployments
    WHERE kind NOT IN ('rollback', 'redeploy')
        AND deployment_key NOT IN (SELECT deployment_key FROM came)
),

granted AS (
    SELECT deployment_key, min(granted_from) AS granted_from
    FROM deployment_approvals
    WHERE bound_by IS NOT NULL AND timing NOT IN ('never', 'not independent', 'after')
    GROUP BY deployment_key
),

named AS (
    SELECT
        repository || '#' || number AS change_key,
        arg_max(ticket, position) AS ticket,
        list(position ORDER BY position) FILTER (WHERE what IN ('proposed', 'merged')) AS positions
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
    GROUP BY repository, number
),

given AS (
    SELECT change_key, min(given_at) AS given_at
    FROM reviews
    WHERE verdict = 'approved'
    GROUP BY change_key
)

SELECT
    coalesce(f.change_key, f.deployment_key) AS item_key,
    CASE WHEN f.change_key IS NULL THEN 'deployment' ELSE 'change' END AS item,
    f.change_key,
    d.deployment_key,
    list_distinct([one FOR one IN [n.ticket, d.ticket] IF one IS NOT NULL]) AS tickets,
    coalesce(g.granted_from, r.given_at, least(m.merged_at, d.began_at), d.began_at) AS authorised_at,
    d.began_at,
    d.service,
    d.team,
    d.environment,
    d.repository,
    d.artifacts,
    d.finished_at,
    d.assurance,
    list_concat(d.positions, coalesce(n.positions, [])) AS positions
FROM (SELECT * FROM firsts UNION ALL SELECT * FROM others) AS f
INNER JOIN production_deployments AS d USING (deployment_key)
LEFT JOIN granted AS g USING (deployment_key)
LEFT JOIN named AS n ON f.change_key = n.change_key
LEFT JOIN given AS r ON f.change_key = r.change_key
LEFT JOIN change_merges AS m ON f.change_key = m.change_key
WHERE d.in_window
