-- R6, change lead time: one row a change and line, credited to the first succeeded production
-- deployment of the line that contains it. Calendar time; a negative one is kept as an anomaly and
-- is no observation.
WITH listing AS (
    SELECT deployment_key, bool_or(is_listed) AS has_list
    FROM deployment_commits
    GROUP BY deployment_key
),

-- The first success of a line and repository that lists no commits is its baseline: what came
-- before it was deployed at an unknown time.
baselines AS (
    SELECT line, repository, arg_min(deployment_key, finished_at) AS deployment_key
    FROM deployment_commits
    GROUP BY line, repository
),

-- A squash commit stands for the commits that its change lists.
squashed AS (
    SELECT merge_commit AS commit, unnest(original_commits) AS original
    FROM change_facts
    WHERE what = 'merged' AND method = 'squash' AND len(original_commits) > 0
        AND merge_commit IS NOT NULL
),

credited AS (
    SELECT
        c.line,
        c.deployment_key,
        coalesce(s.original, c.commit) AS commit
    FROM contained AS c
    INNER JOIN listing AS l USING (deployment_key)
    LEFT JOIN squashed AS s USING (commit)
    LEFT JOIN baselines AS b USING (line, repository, deployment_key)
    WHERE CASE WHEN l.has_list THEN c.is_listed ELSE b.deployment_key IS NULL END
),

observed AS (
    SELECT
        c.line,
        c.deployment_key,
        k.commit,
        k.change_key,
        k.repository,
        k.position,
        k.paths,
        CASE p.commit_time_basis
            WHEN 'authored' THEN coalesce(k.authored_at, k.committed_at, k.told_at)
            WHEN 'committed' THEN coalesce(k.committed_at, k.told_at)
            ELSE k.merged_at
        END AS commit_time
    FROM credited AS c
    INNER JOIN commits AS k USING (commit)
    CROSS JOIN parameters AS p
    WHERE len(k.parents) < 2
),

-- The same change again (patch id, cherry pick) counts once, from its earliest time.
earliest AS (
    SELECT change_key, min(
        CASE p.commit_time_basis
            WHEN 'authored' THEN coalesce(k.authored_at, k.committed_at, k.told_at)
            WHEN 'committed' THEN coalesce(k.committed_at, k.told_at)
            ELSE k.merged_at
        END
    ) AS commit_time
    FROM commits AS k
    CROSS JOIN parameters AS p
    GROUP BY change_key
    HAVING count(*) > 1
),

used AS (
    SELECT service, effective_from, effective_until, one.repository, one.paths
    FROM (
        SELECT service, effective_from, effective_until, unnest(repositories) AS one
        FROM service_registrations
        WHERE repositories IS NOT NULL
    )
    WHERE len(one.paths) > 0
),

joined AS (
    SELECT
        o.*,
        d.service,
        d.environment,
        d.team,
        d.kind,
        d.finished_at,
        d.last_position AS deployment_position,
        u.paths IS NOT NULL AND o.paths IS NOT NULL AS path_filter,
        least(e.commit_time, o.commit_time) AS change_time
    FROM observed AS o
    INNER JOIN deployments AS d USING (deployment_key)
    LEFT JOIN earliest AS e USING (change_key)
    LEFT JOIN used AS u
        ON d.service = u.service AND o.repository = u.repository
        AND d.finished_at >= u.effective_from AND d.finished_at < u.effective_until
    -- Rollbacks and redeploys credit nothing.
    WHERE d.kind IN ('planned', 'hotfix')
        AND (
            u.paths IS NULL OR o.paths IS NULL
            OR len(list_filter(o.paths, lambda path: len(list_filter(
                u.paths, lambda prefix: starts_with(path, prefix)
            )) > 0)) > 0
        )
)

SELECT
    line,
    service,
    environment,
    team,
    repository,
    deployment_key,
    kind,
    finished_at,
    commit,
    change_key,
    change_time,
    epoch(finished_at) - epoch(change_time) AS lead_s,
    coalesce(finished_at < change_time, FALSE) AS is_anomaly,
    path_filter,
    [position, deployment_position] AS positions
FROM joined
QUALIFY row_number() OVER (
    PARTITION BY line, change_key ORDER BY finished_at, deployment_position, commit
) = 1
