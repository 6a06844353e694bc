-- R12: the incidents that ended in each window, by group.
SELECT
    w.part,
    w.window_from,
    w.window_to,
    i.group_key,
    i.incident_key,
    i.started_at IS NULL AS start_unknown,
    coalesce(i.ended_at < i.started_at, FALSE) AS is_anomaly,
    i.impaired_s,
    i.derived,
    i.positions
FROM chosen_incidents AS i
INNER JOIN windows AS w ON i.ended_at >= w.window_from AND i.ended_at < w.window_to
