-- Scans of what production deployments brought: one row a deployment, digest and scan. `newest` is
-- the last of the same tool, target and extent that was not after the deployment began, or all runs
-- of the last report: what it found was known then. What looked at changes alone takes nothing back
-- that a whole scan found.
SELECT
    e.deployment_key,
    e.slot,
    e.kind,
    e.position,
    e.occurred_at,
    e.recorded_at,
    e.timing,
    e.assurance,
    e.outcome = 'success' AS ran,
    coalesce(s.errors, 0) = 0 AS ran_whole,
    coalesce(s.extent, 'full') = 'full' AS is_full,
    coalesce(e.outcome = 'success', FALSE) AND e.timing <> 'after' AND rank() OVER (
        PARTITION BY
            e.deployment_key, e.slot, e.kind, e.tool, s.target,
            coalesce(s.extent, 'full') = 'full', e.timing <> 'after', e.outcome = 'success'
        ORDER BY e.occurred_at DESC NULLS FIRST
    ) = 1 AS newest
FROM slot_evidence AS e
INNER JOIN scan_facts AS s USING (position)
WHERE e.what = 'scan'
