-- Whether each merged change was approved by somebody who did not make it, on exactly what was
-- merged: one row a merged change. `doubtful` is what may be so, but is not shown: as long as
-- nobody says who made it or when it was merged, anybody may have approved it, at any time.
SELECT
    m.change_key,
    CASE
        WHEN bool_or(a.finding IS NULL AND a.is_of_head AND m.is_dated AND p.change_key IS NOT NULL)
            THEN 'reviewed'
        WHEN bool_or(NOT a.by_maker AND a.is_of_head IS NOT FALSE) THEN 'doubtful'
        ELSE 'unreviewed'
    END AS review,
    arg_max(a.assurance, list_position(
        ['imported', 'asserted', 'observed', 'decided'], a.assurance
    )) FILTER (WHERE a.finding IS NULL AND a.is_of_head) AS assurance,
    list_concat(
        any_value(m.positions),
        coalesce(list(a.position ORDER BY a.position) FILTER (WHERE a.position IS NOT NULL), [])
    ) AS positions
FROM merged_changes AS m
LEFT JOIN change_approvals AS a USING (change_key)
LEFT JOIN (SELECT DISTINCT change_key FROM change_people) AS p USING (change_key)
GROUP BY m.change_key
