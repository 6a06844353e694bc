-- R2a: what other sources report of a line. A report corroborates the deployment of the line that
-- has an artifact or the commit in common and overlaps it in time, or else lies nearest to it
-- within an hour. What matches nothing is a difference.
WITH contents AS (
    SELECT deployment_key, unnest(artifacts) AS part FROM deployment_lines
    UNION ALL
    SELECT deployment_key, commit FROM deployment_lines WHERE commit IS NOT NULL
),

others AS (
    SELECT l.*, c.part
    FROM deployment_lines AS l
    LEFT JOIN contents AS c USING (deployment_key)
    WHERE NOT l.counts_in_line
),

own AS (
    SELECT l.deployment_key, l.line, l.started_at, l.finished_at, c.part
    FROM deployment_lines AS l
    INNER JOIN contents AS c USING (deployment_key)
    WHERE l.counts_in_line
),

matched AS (
    SELECT
        o.deployment_key,
        arg_min(
            w.deployment_key, abs(epoch(o.finished_at) - epoch(w.finished_at))
        ) AS corroborated_key
    FROM others AS o
    INNER JOIN own AS w
        ON o.line = w.line AND o.part = w.part
        AND (
            abs(epoch(o.finished_at) - epoch(w.finished_at)) <= 3600
            OR (
                coalesce(o.started_at, o.finished_at) <= w.finished_at
                AND coalesce(w.started_at, w.finished_at) <= o.finished_at
            )
        )
    GROUP BY o.deployment_key
)

SELECT
    o.deployment_key,
    any_value(o.line) AS line,
    any_value(o.source) AS source,
    any_value(o.deployment) AS deployment,
    any_value(o.finished_at) AS finished_at,
    any_value(o.positions) AS positions,
    any_value(m.corroborated_key) AS corroborated_key,
    count(m.corroborated_key) = 0 AS is_difference
FROM others AS o
LEFT JOIN matched AS m USING (deployment_key)
GROUP BY o.deployment_key
