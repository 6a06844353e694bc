-- Scans: one row a scan of one tool. `outcome` says whether the tool ran to its end, not whether it
-- found something; counts are by the tool's own words.
SELECT
    s.position,
    s.occurred_at AS finished_at,
    s.started_at,
    s.duration_s,
    s.kind,
    s.tool,
    s.tool_version,
    s.format,
    s.target,
    s.extent,
    s.outcome,
    TRY_CAST(list_sum(map_values(s.counts)) AS BIGINT) AS found,
    list_transform(
        map_entries(s.counts), lambda entry: entry.key || '=' || entry.value
    ) AS counts,
    s.counted,
    s.passed,
    s.suppressed,
    s.errors,
    list_transform(
        map_entries(s.thresholds),
        lambda entry: entry.key || '=' || CASE WHEN entry.value THEN 'held' ELSE 'failed' END
    ) AS thresholds,
    s.database_date,
    s.service,
    coalesce(CASE WHEN s.service IS NOT NULL THEN [s.service] END, e.services, []) AS services,
    CASE WHEN s.service IS NOT NULL THEN 'said' ELSE e.basis END AS services_basis,
    s.environment,
    s.repository,
    s.commit,
    s.artifact,
    s.release,
    s.run,
    s.ref,
    s.change,
    s.findings,
    s.findings_count,
    s.url,
    s.source,
    s.assurance,
    s.time_basis,
    s.redacted
FROM scan_facts AS s
LEFT JOIN event_services AS e USING (position)
