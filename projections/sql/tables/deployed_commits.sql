-- R6: what each succeeded deployment deployed, in the order in which they finished: the commits
-- that its emitter lists; the source commit of its artifact's build, or else its own. A repository
-- that holds only what is deployed has no changes of its own.
WITH own AS (
    SELECT
        deployment_key, line, tier, service, repository, finished_at, last_position, artifacts,
        commit, components,
        row_number() OVER (ORDER BY finished_at, last_position) AS nth
    FROM deployments
    WHERE succeeded AND counts_in_line
),

listed AS (
    SELECT deployment_key, repository, unnest(commits) AS commit, TRUE AS is_listed
    FROM deployment_reports
    WHERE succeeded
),

sourced AS (
    SELECT o.deployment_key, o.artifact, b.repository, b.commit
    FROM (SELECT deployment_key, unnest(artifacts) AS artifact FROM own) AS o
    INNER JOIN artifact_sources AS b USING (artifact)
),

-- Components may be built from a commit each: so a commit and its repository are of one report, and
-- the build of one component says nothing of another.
built AS (
    SELECT r.deployment_key, r.component_key
    FROM (
        SELECT deployment_key, component_key, unnest(artifacts) AS artifact
        FROM deployment_reports
        WHERE succeeded
    ) AS r
    SEMI JOIN sourced USING (deployment_key, artifact)
),

reported AS (
    SELECT deployment_key, component_key, repository, commit
    FROM deployment_reports
    WHERE succeeded AND commit IS NOT NULL
),

stated AS (
    SELECT deployment_key, repository, commit
    FROM reported
    ANTI JOIN built USING (deployment_key, component_key)
    WHERE deployment_key IN (SELECT deployment_key FROM built)
        OR deployment_key NOT IN (SELECT deployment_key FROM sourced)
    UNION ALL
    SELECT deployment_key, repository, commit FROM own
    WHERE commit IS NOT NULL
        AND deployment_key NOT IN (SELECT deployment_key FROM reported)
        AND deployment_key NOT IN (SELECT deployment_key FROM sourced)
),

together AS (
    SELECT * FROM listed WHERE commit IS NOT NULL
    UNION
    SELECT deployment_key, repository, commit, FALSE FROM sourced
    UNION
    SELECT *, FALSE FROM stated
),

placed AS (
    SELECT
        o.deployment_key,
        o.line,
        o.nth,
        o.tier,
        o.service,
        o.finished_at,
        o.last_position,
        o.components,
        coalesce(t.repository, k.repository, o.repository, '') AS repository,
        k.repository AS known_repository,
        t.commit,
        t.is_listed,
        k.commit IS NOT NULL AS is_known
    FROM own AS o
    INNER JOIN together AS t USING (deployment_key)
    LEFT JOIN commits AS k ON t.commit = k.commit
)

SELECT
    p.* EXCLUDE (service, known_repository, components),
    -- A list is the whole of its deployment, or of its repository where other components have
    -- theirs.
    bool_or(p.is_listed) OVER (
        PARTITION BY p.deployment_key, CASE WHEN p.components > 1 THEN p.repository END
    ) AS has_list
FROM placed AS p
ANTI JOIN manifest_repositories AS m
    ON p.service = m.service AND m.repository IN (p.repository, p.known_repository)
    AND p.finished_at >= m.effective_from AND p.finished_at < m.effective_until
ORDER BY p.nth, p.is_listed DESC, p.commit, p.repository
