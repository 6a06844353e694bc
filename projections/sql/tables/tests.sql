-- Runs of tests: one row a run. Cases are counted by the words that the formats share; what a tool
-- counts by other words is in `counts` alone.
SELECT
    t.position,
    t.occurred_at AS finished_at,
    t.started_at,
    t.duration_s,
    t.kind,
    t.suite,
    t.tool,
    t.tool_version,
    t.format,
    t.outcome,
    TRY_CAST(list_sum(map_values(t.counts)) AS BIGINT) AS cases,
    t.counts['passed'] AS passed,
    coalesce(t.counts['failure'], t.counts['failed']) AS failed,
    t.counts['error'] AS errored,
    t.counts['skipped'] AS skipped,
    list_transform(
        map_entries(t.counts), lambda entry: entry.key || '=' || entry.value
    ) AS counts,
    t.counted,
    t.service,
    coalesce(CASE WHEN t.service IS NOT NULL THEN [t.service] END, e.services, []) AS services,
    CASE WHEN t.service IS NOT NULL THEN 'said' ELSE e.basis END AS services_basis,
    t.environment,
    t.repository,
    t.commit,
    t.artifact,
    t.release,
    t.run,
    t.consumer,
    t.provider,
    t.results,
    t.url,
    t.source,
    t.assurance,
    t.time_basis,
    t.redacted
FROM test_facts AS t
LEFT JOIN event_services AS e USING (position)
