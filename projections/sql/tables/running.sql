-- What runs where at the instant `at`: one row a service and environment. By the reports of
-- deployments, and beside it by what was seen there.
SELECT
    coalesce(d.line, s.line) AS line,
    coalesce(d.service, s.service) AS service,
    coalesce(d.environment, s.environment) AS environment,
    e.tier,
    d.team,
    d.deployment_key,
    d.deployment,
    d.kind,
    coalesce(d.artifacts, []) AS artifacts,
    d.config,
    d.commit,
    d.release,
    d.since,
    d.harmed_by,
    -- The later switch holds, of the service or of the whole environment; before any of both, what
    -- the first one came from.
    CASE
        WHEN whole.effective_from > own.effective_from THEN whole.site
        WHEN whole.effective_from = own.effective_from
            AND whole.effective_until < own.effective_until THEN whole.site
        ELSE coalesce(own.site, whole.site)
    END AS primary_site,
    s.seen_at,
    coalesce(s.digests, []) AS seen_artifacts,
    coalesce(s.images, []) AS seen_images,
    coalesce(s.configs, []) AS seen_configs,
    coalesce(s.revisions, []) AS seen_revisions,
    coalesce(s.sites, []) AS seen_sites,
    s.without_digest AS seen_without_digest,
    s.replicas,
    s.ready,
    d.assurance,
    s.assurance AS seen_assurance,
    coalesce(d.positions, []) AS positions,
    coalesce(s.positions, []) AS seen_positions
FROM deployed_at AS d
FULL JOIN seen_running AS s USING (line)
CROSS JOIN parameters AS p
LEFT JOIN environments AS e
    ON coalesce(d.environment, s.environment) = e.environment
    AND p.at >= e.effective_from AND p.at < e.effective_until
LEFT JOIN primary_sites AS own
    ON own.service = coalesce(d.service, s.service)
    AND own.environment = coalesce(d.environment, s.environment)
    AND p.at >= own.effective_from AND p.at < own.effective_until
LEFT JOIN primary_sites AS whole
    ON whole.service IS NULL
    AND whole.environment = coalesce(d.environment, s.environment)
    AND p.at >= whole.effective_from AND p.at < whole.effective_until
