-- Scans of what production deployments brought: one row a deployment, digest and scan. `newest` is
-- what was not after the deployment began and what no later scan of the same tool, target and
-- extent took back: one that is as well assured, and shown to be before it as well as that one is.
-- What looked at changes alone takes nothing back that a whole scan found. What a tool found before
-- it broke off was there all the same.
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
    e.outcome IS NOT NULL AND e.timing <> 'after' AND coalesce(
        e.occurred_at >= greatest(
            max(e.occurred_at) FILTER (WHERE e.outcome = 'success' AND e.timing = 'before') OVER alike,
            max(e.occurred_at) FILTER (WHERE e.outcome = 'success') OVER as_timely
        ), TRUE
    ) AS newest
FROM slot_evidence AS e
INNER JOIN scan_facts AS s USING (position)
WHERE e.what = 'scan'
WINDOW
    alike AS (
        PARTITION BY
            e.deployment_key, e.slot, e.kind, e.tool, s.target, coalesce(s.extent, 'full') = 'full'
        ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) DESC
        RANGE UNBOUNDED PRECEDING
    ),
    as_timely AS (
        PARTITION BY
            e.deployment_key, e.slot, e.kind, e.tool, s.target, coalesce(s.extent, 'full') = 'full',
            e.timing
        ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) DESC
        RANGE UNBOUNDED PRECEDING
    )
