-- R6: the first deployment of each line that contains a commit, and whether the commit is credited
-- to it. A squash commit stands for the commits that its change lists, as far as they are known.
WITH listing AS (
    SELECT DISTINCT deployment_key, repository, nth, has_list FROM deployment_commits
),

-- The first success of a line and repository that lists no commits is its baseline: what came
-- before it was deployed at an unknown time.
baselines AS (
    SELECT line, repository, min(nth) AS nth FROM deployment_commits GROUP BY line, repository
),

rollbacks AS (
    SELECT deployment_key FROM deployments WHERE kind = 'rollback'
),

squashed AS (
    SELECT merge_commit AS commit, unnest(original_commits) AS original
    FROM change_facts
    WHERE what = 'merged' AND method = 'squash' AND merge_commit IS NOT NULL
),

originals AS (
    SELECT s.commit, s.original
    FROM squashed AS s
    SEMI JOIN commits AS k ON s.original = k.commit
),

found AS (
    SELECT
        c.line,
        l.nth,
        c.deployment_key,
        c.commit,
        -- Failed attempts are not here; rollbacks credit nothing.
        CASE WHEN l.has_list THEN c.is_listed ELSE l.nth > b.nth END
            AND c.deployment_key NOT IN (SELECT deployment_key FROM rollbacks) AS is_credited
    FROM contained AS c
    INNER JOIN listing AS l USING (deployment_key, repository)
    INNER JOIN baselines AS b USING (line, repository)
),

replaced AS (
    SELECT f.* FROM found AS f
    WHERE f.commit NOT IN (SELECT commit FROM originals)
    UNION ALL
    SELECT f.line, f.nth, f.deployment_key, o.original, f.is_credited
    FROM found AS f
    INNER JOIN originals AS o USING (commit)
),

-- The same change may come again as another commit; it counts once, where it came first.
repeated AS (
    SELECT r.*, coalesce(t.change_key, r.commit) AS change_key
    FROM replaced AS r
    LEFT JOIN twin_commits AS t USING (commit)
    WHERE t.commit IS NOT NULL OR r.commit IN (SELECT original FROM originals)
)

SELECT line, deployment_key, commit, commit AS change_key
FROM replaced
WHERE is_credited
    AND commit NOT IN (SELECT commit FROM twin_commits)
    AND commit NOT IN (SELECT original FROM originals)
UNION ALL
SELECT line, deployment_key, commit, change_key
FROM (
    SELECT DISTINCT ON (line, change_key)
        line, deployment_key, commit, change_key, is_credited
    FROM repeated
    ORDER BY nth, is_credited DESC, commit
)
WHERE is_credited
