-- What was checked of the line: tests, coverage, scans and quality gates, by the artifact, else by
-- the commit; one row an event.
WITH line_commits AS (
    SELECT commit FROM trace_commits WHERE role <> 'part'
),

named AS (
    SELECT position, artifact, commit FROM test_facts
    UNION ALL
    SELECT position, artifact, commit FROM scan_facts
    UNION ALL
    SELECT position, artifact, commit FROM quality_facts
),

tied AS (
    SELECT position, 'artifact' AS tie
    FROM named
    WHERE artifact IN (SELECT artifact FROM trace_artifacts)
    UNION ALL
    -- What was found in another artifact of the commit is not of this one.
    SELECT position, 'commit'
    FROM named
    WHERE commit IN (SELECT commit FROM line_commits)
        AND (artifact IS NULL OR NOT EXISTS (SELECT 1 FROM trace_artifacts))
),

checks AS (
    SELECT
        'tests' AS hop, 'tests.finished' AS item, position, coalesce(kind, suite, tool) AS id,
        service, environment, occurred_at, outcome, tester AS person, artifact, commit,
        ['kind=' || kind, 'tool=' || tool] || list_transform(
            map_entries(counts), lambda entry: entry.key || '=' || entry.value
        ) AS facts,
        source, assurance
    FROM test_facts
    UNION ALL
    SELECT
        'scans', 'scan.finished', position, coalesce(kind, tool), service, environment,
        occurred_at, outcome, NULL, artifact, commit,
        ['kind=' || kind, 'tool=' || tool, 'suppressed=' || suppressed] || list_transform(
            map_entries(counts), lambda entry: entry.key || '=' || entry.value
        ),
        source, assurance
    FROM scan_facts
    UNION ALL
    SELECT
        CASE what WHEN 'coverage.measured' THEN 'tests' ELSE 'scans' END, what, position,
        coalesce(gate, tool), service, environment, occurred_at, outcome, NULL, artifact, commit,
        ['tool=' || tool, 'percent=' || percent,
         'lines=' || lines_covered || '/' || lines_valid],
        source, assurance
    FROM quality_facts
)

SELECT
    hop,
    environment,
    item,
    id,
    service,
    occurred_at AS happened_at,
    outcome,
    person,
    tie,
    CASE tie WHEN 'artifact' THEN artifact ELSE commit END AS tied_to,
    -- A tool that did not run to its end, or ran no case, checked nothing.
    CASE item
        WHEN 'tests.finished' THEN outcome IN ('success', 'failure')
        WHEN 'scan.finished' THEN outcome = 'success'
        ELSE FALSE
    END AS holds,
    list_filter(facts, lambda one: one IS NOT NULL) AS facts,
    source,
    assurance,
    [position] AS positions
FROM checks
INNER JOIN tied USING (position)
