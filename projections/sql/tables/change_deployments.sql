-- The way of each merged change: the first deployment of each line that contains it, one row a
-- change and line. What counts is the commit that came to the target branch; where nobody names it
-- or its history is not known, all commits that the change was made of must have come.
WITH roles AS (
    SELECT
        c.change_key,
        c.commit,
        c.role = 'merged' OR (m.merge_commit IS NULL AND c.role = 'head') AS landed,
        count(*) FILTER (WHERE c.role <> 'merged') OVER (PARTITION BY c.change_key) AS made_of
    FROM change_commits AS c
    INNER JOIN change_merges AS m USING (change_key)
    WHERE m.merged_at IS NOT NULL
),

came AS (
    SELECT
        r.change_key,
        w.line,
        -- A change has one commit of this kind at most, and a line one row of it.
        any_value(w.deployment_key) FILTER (WHERE r.landed) AS landed_key,
        any_value(r.commit) FILTER (WHERE r.landed) AS landed_commit,
        -- These two are asked only where that one is not there.
        arg_max(w.deployment_key, (d.finished_at, d.last_position)) AS last_key,
        count(*) = any_value(r.made_of) AS all_came
    FROM roles AS r
    INNER JOIN contained_anywhere AS w USING (commit)
    INNER JOIN deployments AS d USING (deployment_key)
    GROUP BY r.change_key, w.line
),

settled AS (
    SELECT
        change_key,
        coalesce(landed_key, CASE WHEN all_came THEN last_key END) AS deployment_key,
        landed_commit
    FROM came
)

SELECT
    s.change_key,
    m.repository,
    m.number,
    d.line,
    d.service,
    d.environment,
    d.tier,
    d.team,
    s.deployment_key,
    d.deployment,
    d.kind,
    d.finished_at,
    s.landed_commit AS commit,
    epoch(d.finished_at) - epoch(m.merged_at) AS from_merge_s,
    d.positions
FROM settled AS s
INNER JOIN deployments AS d USING (deployment_key)
INNER JOIN change_merges AS m USING (change_key)
