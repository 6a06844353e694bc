-- What was deployed against what was seen running at the instant `at`: one row a line. Artifacts
-- are compared by digest; only where neither side has one, by configuration or revision.
WITH ever AS (
    SELECT line, list(DISTINCT artifact) AS artifacts
    FROM (
        SELECT d.line, unnest(d.artifacts) AS artifact
        FROM deployments AS d
        CROSS JOIN parameters AS p
        WHERE d.succeeded AND d.finished_at <= p.at
            AND d.line IN (SELECT line FROM running WHERE len(seen_artifacts) > 0)
    )
    GROUP BY line
),

-- Where everything was looked at, what is not there does not run: wherever one looks at all.
looked AS (
    SELECT
        environment,
        min(occurred_at) AS looked_at,
        list(position ORDER BY position) AS positions
    FROM snapshots_at
    WHERE complete AND everywhere
    GROUP BY environment
),

compared AS (
    SELECT
        r.*,
        l.looked_at,
        l.positions AS looked_positions,
        list_filter(r.seen_artifacts, lambda one: NOT list_contains(r.artifacts, one)) AS others,
        list_filter(r.artifacts, lambda one: NOT list_contains(r.seen_artifacts, one)) AS missing,
        coalesce(e.artifacts, []) AS ever
    FROM running AS r
    LEFT JOIN ever AS e USING (line)
    LEFT JOIN looked AS l USING (environment)
),

judged AS (
    SELECT
        *,
        len(list_filter(others, lambda one: list_contains(ever, one))) > 0 AS older_runs,
        CASE
            WHEN deployment_key IS NULL AND harmed_by IS NULL THEN 'never deployed'
            WHEN seen_at IS NULL AND looked_at > since THEN 'gone'
            WHEN seen_at IS NULL OR seen_at < since THEN 'not looked at'
            WHEN len(artifacts) > 0 AND len(seen_artifacts) > 0 THEN 'artifacts'
            WHEN config IS NOT NULL AND len(seen_configs) > 0 THEN 'config'
            WHEN commit IS NOT NULL AND len(seen_revisions) > 0 THEN 'revision'
            ELSE 'not comparable'
        END AS compared_by
    FROM compared
)

SELECT
    line,
    service,
    environment,
    tier,
    team,
    CASE compared_by
        WHEN 'artifacts' THEN CASE
            WHEN len(missing) > 0 AND len(missing) = len(artifacts) THEN 'another runs'
            WHEN len(missing) > 0 THEN 'partly'
            WHEN older_runs THEN 'older beside it'
            WHEN len(others) > 0 THEN 'others beside it'
            ELSE 'as deployed'
        END
        WHEN 'config' THEN
            CASE WHEN list_contains(seen_configs, config) THEN 'as deployed' ELSE 'another runs' END
        WHEN 'revision' THEN
            CASE WHEN list_contains(seen_revisions, commit)
                THEN 'as deployed' ELSE 'another runs' END
        ELSE compared_by
    END AS state,
    CASE WHEN compared_by IN ('artifacts', 'config', 'revision') THEN compared_by END
        AS compared_by,
    deployment_key,
    artifacts,
    since,
    coalesce(seen_at, looked_at) AS seen_at,
    seen_artifacts,
    missing AS not_seen,
    others AS not_deployed,
    harmed_by,
    positions,
    CASE
        WHEN compared_by = 'gone' THEN looked_positions
        ELSE seen_positions
    END AS seen_positions
FROM judged
