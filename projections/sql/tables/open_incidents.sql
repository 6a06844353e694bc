-- R12: the incidents that were open at the end of each window, by group: those that
-- `window_open_incidents` counts.
SELECT
    w.part,
    w.window_from,
    w.window_to,
    w.group_key,
    i.incident_key,
    i.positions
FROM window_groups AS w
INNER JOIN chosen_incidents AS i
    ON w.group_key = i.group_key AND i.started_at < w.window_to
    AND (i.ended_at IS NULL OR i.ended_at >= w.window_to)
