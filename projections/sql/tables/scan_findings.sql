-- How much each scan found, by severity in one vocabulary, as its findings document lists it; what
-- was set aside on purpose is counted apart. A scan without a document that can be read has no row.
SELECT
    position,
    count(*) FILTER (WHERE NOT suppressed AND severity = 'critical') AS critical,
    count(*) FILTER (WHERE NOT suppressed AND severity = 'high') AS high,
    count(*) FILTER (WHERE NOT suppressed AND severity = 'medium') AS medium,
    count(*) FILTER (WHERE NOT suppressed AND severity = 'low') AS low,
    count(*) FILTER (WHERE NOT suppressed AND severity = 'info') AS info,
    count(*) FILTER (WHERE NOT suppressed AND coalesce(severity, 'unknown') = 'unknown') AS unknown,
    count(*) FILTER (WHERE suppressed) AS suppressed
FROM finding_facts
GROUP BY position
HAVING NOT bool_or(redacted)
