-- R2a: what other sources report of a line. A report corroborates the deployment of the line that
-- has an artifact or the commit in common and lies nearest in time, if it overlaps it or ended
-- within an hour of it. What matches nothing is a difference.
WITH others AS (
    SELECT deployment_key, line, source, deployment, started_at, finished_at, artifacts, commit,
        positions
    FROM deployment_lines
    WHERE NOT counts_in_line
),

other_parts AS (
    SELECT deployment_key, unnest(artifacts) AS part FROM others
    UNION ALL
    SELECT deployment_key, commit FROM others
),

own AS (
    SELECT deployment_key, line, started_at, finished_at, last_position, artifacts, commit
    FROM deployment_lines
    WHERE counts_in_line AND line IN (SELECT line FROM others)
),

own_each AS (
    SELECT o.line, o.started_at, o.finished_at, o.last_position, p.part, o.deployment_key
    FROM (
        SELECT deployment_key, unnest(artifacts) AS part FROM own
        UNION ALL
        SELECT deployment_key, commit FROM own
    ) AS p
    INNER JOIN own AS o USING (deployment_key)
),

own_parts AS (
    SELECT line, finished_at, part, arg_max(deployment_key, last_position) AS own_key
    FROM own_each
    GROUP BY line, finished_at, part
),

-- Long ones, in the course of which another one with the same part ended: that may lie nearer to a
-- report, and not overlap it.
spanning AS (
    SELECT line, part, started_at, finished_at, deployment_key
    FROM own_each
    QUALIFY lag(finished_at) OVER (
        PARTITION BY line, part ORDER BY finished_at, last_position DESC
    ) >= started_at
),

wanted AS (
    SELECT o.deployment_key, o.line, o.finished_at, p.part
    FROM other_parts AS p
    INNER JOIN others AS o USING (deployment_key)
),

-- Of each part the last own deployment before, the first one after, and those that span it.
near AS (
    SELECT w.deployment_key, n.own_key
    FROM wanted AS w
    ASOF JOIN own_parts AS n
        ON w.line = n.line AND w.part = n.part AND w.finished_at >= n.finished_at
    UNION
    SELECT w.deployment_key, n.own_key
    FROM wanted AS w
    ASOF JOIN own_parts AS n
        ON w.line = n.line AND w.part = n.part AND w.finished_at <= n.finished_at
    UNION
    SELECT w.deployment_key, s.deployment_key
    FROM wanted AS w
    INNER JOIN spanning AS s
        ON w.line = s.line AND w.part = s.part
        AND w.finished_at >= s.started_at AND w.finished_at <= s.finished_at
),

matched AS (
    SELECT
        n.deployment_key,
        arg_min(
            n.own_key, (abs(epoch(o.finished_at) - epoch(w.finished_at)), -w.last_position)
        ) AS corroborated_key
    FROM near AS n
    INNER JOIN others AS o USING (deployment_key)
    INNER JOIN own AS w ON n.own_key = w.deployment_key
    WHERE abs(epoch(o.finished_at) - epoch(w.finished_at)) <= 3600
        OR (
            coalesce(o.started_at, o.finished_at) <= w.finished_at
            AND coalesce(w.started_at, w.finished_at) <= o.finished_at
        )
    GROUP BY n.deployment_key
)

SELECT
    o.deployment_key,
    o.line,
    o.source,
    o.deployment,
    o.finished_at,
    o.positions,
    m.corroborated_key,
    m.corroborated_key IS NULL AS is_difference
FROM others AS o
LEFT JOIN matched AS m USING (deployment_key)
