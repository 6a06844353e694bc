-- R2a: whose reports are the deployments of a line, where that was registered, and from when on.
-- Of two statements the later one, by position, covers the earlier one from its beginning on.
WITH stated AS (
    SELECT
        service || '@' || replace(entry.key, '@', '%40') AS line,
        entry.value AS source,
        effective_from,
        position
    FROM (
        SELECT service, effective_from, position, unnest(map_entries(deployment_source)) AS entry
        FROM service_statements
        WHERE deployment_source IS NOT NULL
    )
)

SELECT DISTINCT ON (line, effective_from)
    line,
    arg_max(source, position) OVER w AS source,
    max(position) OVER w AS position,
    effective_from
FROM stated
WINDOW w AS (PARTITION BY line ORDER BY effective_from RANGE UNBOUNDED PRECEDING)
