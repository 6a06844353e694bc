-- R2a: the one source whose reports are the deployments of a line, and from when to when.
-- By default it is the source that was seen first there, by position, and does not tell history;
-- until its first deployment, what was imported is the line.
WITH first_told AS (
    SELECT
        line,
        arg_min(source, first_position) FILTER (WHERE NOT imported) AS source,
        arg_min(source, first_position) FILTER (WHERE imported) AS imported_source
    FROM deployment_totals
    GROUP BY line
),

named AS (
    SELECT
        service || '@' || entry.key AS line,
        entry.value AS source,
        effective_from,
        effective_until,
        position
    FROM (
        SELECT
            service, effective_from, effective_until, position,
            unnest(map_entries(deployment_source)) AS entry
        FROM service_registrations
        WHERE deployment_source IS NOT NULL
    )
),

first_finished AS (
    SELECT
        f.line,
        min(d.finished_at) AS finished_at
    FROM first_told AS f
    INNER JOIN deployment_totals AS d USING (line, source)
    GROUP BY f.line
)

SELECT
    f.line,
    f.imported_source,
    -- What was imported ends where the first source begins.
    coalesce(n.effective_from, s.finished_at, TIMESTAMPTZ '9999-12-31 00:00:00+00')
        AS imported_until,
    f.source AS first_source,
    n.source AS named_source,
    n.effective_from AS named_from,
    n.effective_until AS named_until,
    n.position AS named_position
FROM first_told AS f
LEFT JOIN first_finished AS s USING (line)
LEFT JOIN named AS n USING (line)
