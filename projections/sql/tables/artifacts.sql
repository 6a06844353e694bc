-- Artifacts: one row a digest that anything was said of, and the lines on which it stands at the
-- instant `at`.
WITH standing AS (
    SELECT artifact, list_sort(list(line)) AS lines
    FROM (SELECT line, unnest(artifacts) AS artifact FROM deployed_at)
    GROUP BY artifact
)

SELECT
    h.*,
    coalesce(n.lines, []) AS runs_on
FROM artifact_histories AS h
LEFT JOIN standing AS n ON h.digest = n.artifact
