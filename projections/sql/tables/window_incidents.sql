-- R12: the incidents of production, or of no stated environment, by window and group. One that
-- touches several services stands in the group of each, and once where nothing is grouped.
WITH touched AS (
    SELECT
        i.*,
        unnest(CASE
            WHEN p.group_by = 'service' AND len(i.services) > 0 THEN i.services
            ELSE [coalesce(i.service, '')]
        END) AS touched_service,
        p.group_by
    FROM incidents AS i
    CROSS JOIN parameters AS p
    WHERE (i.tier = 'production' OR i.environment IS NULL)
        AND i.started_at IS NOT NULL
        AND (p.service IS NULL OR list_contains(i.services, p.service))
        AND (p.team IS NULL OR i.team = p.team)
        AND (p.environment IS NULL OR i.environment = p.environment)
)

SELECT
    w.part,
    w.window_from,
    w.window_to,
    CASE t.group_by
        WHEN 'team' THEN coalesce(t.team, '')
        WHEN 'service' THEN t.touched_service
        WHEN 'environment' THEN coalesce(t.environment, '')
        ELSE ''
    END AS group_key,
    t.incident_key,
    t.incident,
    coalesce(t.ended_at >= w.window_from AND t.ended_at < w.window_to, FALSE) AS ended_in_window,
    t.started_at < w.window_to AND (t.ended_at IS NULL OR t.ended_at >= w.window_to)
        AS open_at_end,
    t.ended_at < t.started_at AS is_anomaly,
    t.impaired_s,
    t.derived,
    t.positions
FROM touched AS t
CROSS JOIN windows AS w
WHERE t.started_at < w.window_to AND (t.ended_at IS NULL OR t.ended_at >= w.window_from)
