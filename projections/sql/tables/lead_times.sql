-- R6, change lead time: one row a change and line, credited to the first succeeded production
-- deployment of the line that contains it. Calendar time; a negative one is kept as an anomaly and
-- is no observation.
WITH merges AS (
    SELECT
        position,
        merge_commit,
        commits || coalesce(original_commits, []) || [merge_commit, head] AS commits,
        coalesce(merged_at, occurred_at) AS merged_at
    FROM change_facts
    WHERE what = 'merged' AND (SELECT commit_time_basis = 'merged' FROM chosen_rules)
),

-- Code hosts list a change's commits in the push that merged it, not in the change.
merged AS (
    SELECT
        commit,
        min(merged_at) AS merged_at,
        arg_min(position, (merged_at, position)) AS position
    FROM (
        SELECT position, unnest(commits) AS commit, merged_at FROM merges
        UNION ALL
        SELECT m.position, unnest(r.commits), m.merged_at
        FROM merges AS m
        INNER JOIN ref_facts AS r ON r.after = m.merge_commit
    )
    GROUP BY commit
),

-- A change's time is the earliest one of its commits, deployed or not.
earliest AS (
    SELECT
        change_key,
        min(commit_time) AS change_time,
        arg_min(position, commit_time) AS position
    FROM (
        SELECT
            t.change_key,
            CASE p.commit_time_basis
                WHEN 'authored' THEN coalesce(t.authored_at, t.committed_at, t.told_at)
                WHEN 'committed' THEN coalesce(t.committed_at, t.told_at)
                ELSE m.merged_at
            END AS commit_time,
            CASE p.commit_time_basis WHEN 'merged' THEN m.position ELSE t.position END AS position
        FROM twin_commits AS t
        CROSS JOIN chosen_rules AS p
        LEFT JOIN merged AS m USING (commit)
    )
    GROUP BY change_key
),

-- The part of a repository that is a service's, where paths were registered.
used AS (
    SELECT
        service, effective_from, effective_until, one.repository,
        [
            CASE WHEN part IN ('.', '*', '**') THEN '' ELSE part END
            FOR part IN [
                trim(regexp_replace(path, '(/\*\*?)$|^\./', '', 'g'), '/') FOR path IN one.paths
            ]
        ] AS paths
    FROM (
        SELECT service, effective_from, effective_until, unnest(repositories) AS one
        FROM service_registrations
    )
    WHERE len(one.paths) > 0
),

observed AS (
    SELECT
        c.line,
        c.deployment_key,
        c.commit,
        c.change_key,
        k.repository,
        k.position,
        CASE p.commit_time_basis
            WHEN 'authored' THEN coalesce(k.authored_at, k.committed_at, k.told_at)
            WHEN 'committed' THEN coalesce(k.committed_at, k.told_at)
            ELSE m.merged_at
        END AS commit_time,
        m.position AS merge_position,
        CASE
            WHEN p.commit_time_basis = 'merged' THEN 'merged'
            WHEN p.commit_time_basis = 'authored' AND k.authored_at IS NOT NULL THEN 'authored'
            WHEN k.committed_at IS NOT NULL THEN 'committed'
            ELSE 'told'
        END AS time_of
    FROM credited_commits AS c
    INNER JOIN commits AS k USING (commit)
    CROSS JOIN chosen_rules AS p
    LEFT JOIN merged AS m USING (commit)
    WHERE c.commit NOT IN (SELECT commit FROM merge_commits)
),

placed AS (
    SELECT
        o.*,
        d.service,
        d.environment,
        d.team,
        d.kind,
        d.finished_at,
        d.last_position AS deployment_position,
        least(e.change_time, o.commit_time) AS change_time,
        -- Who tells that time, where it is not the commit itself.
        CASE
            WHEN e.change_time < o.commit_time OR o.commit_time IS NULL THEN e.position
            ELSE o.merge_position
        END AS time_position
    FROM observed AS o
    INNER JOIN deployments AS d USING (deployment_key)
    LEFT JOIN earliest AS e USING (change_key)
),

-- R6: where paths were registered and the commit tells its own, only what touches them counts.
filtered AS (
    SELECT
        p.line,
        p.commit,
        bool_or(len(list_filter(k.paths, lambda path: len(list_filter(
            u.paths, lambda part: part IN ('', path) OR starts_with(path, part || '/')
        )) > 0)) > 0) AS touches
    FROM placed AS p
    INNER JOIN used AS u
        ON p.service = u.service AND p.repository = u.repository
        AND p.finished_at >= u.effective_from AND p.finished_at < u.effective_until
    INNER JOIN commits AS k ON p.commit = k.commit
    WHERE len(k.paths) > 0
    GROUP BY p.line, p.commit
)

SELECT
    line,
    p.service,
    p.environment,
    p.team,
    p.repository,
    p.deployment_key,
    p.kind,
    p.finished_at,
    commit,
    p.change_key,
    p.change_time,
    p.time_of,
    epoch(p.finished_at) - epoch(p.change_time) AS lead_s,
    coalesce(p.finished_at < p.change_time, FALSE) AS is_anomaly,
    coalesce(f.touches, FALSE) AS path_filter,
    CASE
        WHEN p.time_position <> p.position
            THEN [p.position, p.time_position, p.deployment_position]
        ELSE [p.position, p.deployment_position]
    END AS positions
FROM placed AS p
LEFT JOIN filtered AS f USING (line, commit)
WHERE f.touches IS DISTINCT FROM FALSE
-- Who asks for a window or for the newest then reads no more than that.
ORDER BY p.finished_at DESC
