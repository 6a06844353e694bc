-- The line's builds and what is known of its artifacts: one row an event.
WITH named AS (
    SELECT position
    FROM (SELECT position, unnest(artifacts) AS artifact FROM build_facts)
    WHERE artifact IN (SELECT artifact FROM trace_artifacts)
),

tied AS (
    SELECT
        f.*,
        list_filter(f.artifacts, lambda one: list_contains(l.artifacts, one)) AS line_artifacts
    FROM build_facts AS f
    CROSS JOIN (SELECT list(artifact) AS artifacts FROM trace_artifacts) AS l
    WHERE f.position IN (SELECT position FROM named)
    UNION ALL
    -- Without an artifact of the line, only what was built of its commits, and that it failed.
    SELECT *, []
    FROM build_facts
    WHERE what IN ('build.finished', 'release.created')
        AND (
            len(artifacts) = 0
            OR (what = 'build.finished' AND coalesce(outcome, 'success') <> 'success')
        )
        AND commit IN (
            SELECT commit FROM trace_commits WHERE role IN ('asked', 'built', 'merged')
        )
        AND position NOT IN (SELECT position FROM named)
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
