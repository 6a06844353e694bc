-- The line's builds and what is known of its artifacts: one row an event.
WITH told AS (
    SELECT
        f.*,
        list_filter(f.artifacts, lambda one: list_contains(a.artifacts, one)) AS line_artifacts,
        f.what = 'build.finished' AND coalesce(f.outcome, 'success') <> 'success' AS failed,
        list_contains(a.commits, f.commit) AS of_commit
    FROM build_facts AS f
    CROSS JOIN (
        SELECT
            (SELECT list(artifact) FROM trace_artifacts) AS artifacts,
            (SELECT list(commit) FROM trace_commits WHERE role IN ('asked', 'built', 'merged'))
                AS commits
    ) AS a
),

tied AS (
    SELECT *
    FROM told
    WHERE len(line_artifacts) > 0
        -- Without an artifact of the line, only what was built of its commits, and that it failed.
        OR (
            of_commit AND (len(artifacts) = 0 OR failed)
            AND what IN ('build.finished', 'release.created')
        )
)

SELECT
    CASE
        WHEN what IN ('build.finished', 'release.created') THEN 'build'
        ELSE 'artifact'
    END AS hop,
    CAST(NULL AS VARCHAR) AS environment,
    what AS item,
    coalesce(line_artifacts[1], run, release, version) AS id,
    service,
    occurred_at AS happened_at,
    outcome,
    actor AS person,
    CASE WHEN len(line_artifacts) > 0 THEN 'artifact' ELSE 'commit' END AS tie,
    coalesce(line_artifacts[1], commit) AS tied_to,
    what <> 'release.created' AND coalesce(outcome, 'success') = 'success' AS holds,
    list_filter(
        ['commit=' || commit, 'run=' || run, 'builder=' || builder, 'kind=' || kind,
         'version=' || version, 'verifier=' || verifier, 'registry=' || registry,
         'sbom=' || sbom, 'provenance=' || provenance],
        lambda one: one IS NOT NULL
    ) AS facts,
    source,
    assurance,
    [position] AS positions
FROM tied
