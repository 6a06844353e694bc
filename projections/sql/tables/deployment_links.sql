-- Which deployments a deployment names (R3, R8): what it remedies, what it rolls back, what it goes
-- back to. An id is one of its own line; of another line only where no third one uses it.
WITH said AS (
    SELECT deployment_key, line, source, 'remediates' AS link, unnest(remediates) AS name
    FROM deployment_totals
    UNION
    SELECT deployment_key, line, source, 'rolls_back' AS link, rolls_back AS name
    FROM deployment_totals
    UNION
    SELECT deployment_key, line, source, 'restores' AS link, restores AS name
    FROM deployment_totals
),

wanted AS (
    SELECT * FROM said WHERE name IS NOT NULL
),

-- The source's own id before one of another source, then the one told last.
on_line AS (
    SELECT
        w.deployment_key,
        w.link,
        w.name,
        arg_max(n.deployment_key, (n.source = w.source, n.last_position)) AS named_key
    FROM wanted AS w
    INNER JOIN deployment_names AS n USING (line, name)
    GROUP BY w.deployment_key, w.link, w.name
),

anywhere AS (
    SELECT name, any_value(deployment_key) AS named_key
    FROM deployment_names
    WHERE name IN (SELECT name FROM wanted)
    GROUP BY name
    HAVING count(DISTINCT deployment_key) = 1
)

SELECT
    w.deployment_key,
    w.link,
    w.name,
    coalesce(l.named_key, a.named_key) AS named_key
FROM wanted AS w
LEFT JOIN on_line AS l USING (deployment_key, link, name)
LEFT JOIN anywhere AS a USING (name)
