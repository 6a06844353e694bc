-- When the ledger heard of the grants that an approval stands on, and whether they have a time of
-- their own: one row an approval that was granted.
SELECT
    s.approval_key,
    max(f.recorded_at) AS recorded_at,
    bool_and(coalesce(f.time_basis, 'source') IN ('source', 'caller')) AS is_dated
FROM approval_steps AS s
INNER JOIN approval_facts AS f USING (position)
INNER JOIN approvals AS a USING (approval_key)
WHERE s.verdict = 'granted' AND s.said_at <= a.granted_from
GROUP BY s.approval_key
