-- The deployments that an answer is about, of any tier and source (R13), as far as a window of it
-- can hold them.
SELECT
    d.deployment_key,
    d.line,
    d.service,
    d.team,
    d.environment,
    d.tier,
    d.repositories,
    d.source,
    d.kind,
    d.counted,
    d.counts_in_line,
    d.succeeded,
    d.impact_unknown,
    d.attempts_without_impact,
    d.remediates_keys,
    d.finished_at,
    d.last_position,
    d.positions
FROM deployments AS d
CROSS JOIN parameters AS p
WHERE d.finished_at >= asked_from() AND d.finished_at < asked_until()
    AND (p.service IS NULL OR d.service = p.service)
    AND (p.team IS NULL OR d.team = p.team)
    AND (p.environment IS NULL OR d.environment = p.environment)
    AND (p.repository IS NULL OR list_contains(d.repositories, p.repository))
