-- The newest snapshot of each place that was looked at, up to the instant `at`. A place is an
-- environment as one source sees it in one system, or a part of it (namespaces). Where everything
-- was looked at later, older looks at parts of it count no more.
WITH looks AS (
    SELECT
        s.position,
        s.source,
        s.environment,
        coalesce(s.system, '') AS system,
        s.occurred_at,
        coalesce(s.complete, FALSE) AS complete,
        len(coalesce(s.namespaces, [])) = 0 AS everywhere,
        array_to_string(list_sort(coalesce(s.namespaces, [])), ' ') AS part,
        s.running,
        s.assurance
    FROM snapshot_facts AS s
    CROSS JOIN parameters AS p
    WHERE s.environment IS NOT NULL AND s.occurred_at <= p.at
),

newest AS (
    SELECT *
    FROM looks
    QUALIFY row_number() OVER (
        PARTITION BY source, environment, system, part ORDER BY occurred_at DESC, position DESC
    ) = 1
),

whole AS (
    SELECT source, environment, system, max(occurred_at) AS occurred_at
    FROM looks
    WHERE complete AND everywhere
    GROUP BY source, environment, system
)

SELECT n.*
FROM newest AS n
LEFT JOIN whole AS w USING (source, environment, system)
WHERE w.occurred_at IS NULL OR n.occurred_at >= w.occurred_at
