-- R2a: whose reports are the deployments of a line, where that was registered, and from when on.
-- Of two statements the later one, by position, covers the earlier one from its beginning on.
WITH stated AS (
    SELECT
        service || '@' || replace(replace(entry.key, '%', '%25'), '@', '%40') AS line,
        service,
        entry.value AS source,
        effective_from,
        position
    FROM (
        SELECT service, effective_from, position, unnest(map_entries(deployment_source)) AS entry
        FROM service_statements
    )
),

-- An empty statement names no source any more, for all lines of its service.
said AS (
    SELECT line, source, effective_from, position FROM stated
    UNION ALL
    SELECT DISTINCT o.line, '', s.effective_from, s.position
    FROM service_statements AS s
    INNER JOIN stated AS o USING (service)
    WHERE len(map_entries(s.deployment_source)) = 0
),

held AS (
    SELECT
        line,
        arg_max(source, position) OVER (
            PARTITION BY line ORDER BY effective_from RANGE UNBOUNDED PRECEDING
        ) AS source,
        effective_from
    FROM said
),

-- What is said again changes nothing.
kept AS (
    SELECT *
    FROM held
    WINDOW w AS (PARTITION BY line ORDER BY effective_from)
    QUALIFY source IS DISTINCT FROM lag(source) OVER w
)

SELECT *
FROM (
    SELECT
        line,
        source,
        effective_from,
        coalesce(
            lead(effective_from) OVER (PARTITION BY line ORDER BY effective_from),
            TIMESTAMPTZ '9999-12-31 00:00:00+00'
        ) AS effective_until
    FROM kept
)
WHERE source <> ''
