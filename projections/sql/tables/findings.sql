-- What scanners found, over time: one row a finding of one scope, open until a later full scan of
-- the same scope does not show it, as it was when it was there last. Findings documents that were
-- redacted are rows that say so.
WITH told AS (
    SELECT
        scope,
        fingerprint,
        arg_max(fingerprint_basis, episode) AS fingerprint_basis,
        arg_max(tool, episode) AS tool,
        arg_max(rule, episode) AS rule,
        arg_max(target, episode) AS target,
        arg_max(severity, episode) AS severity,
        arg_max(package, episode) AS package,
        arg_max(version, episode) AS version,
        arg_max(fixed, episode) AS fixed,
        min(opened_at) AS first_seen_at,
        arg_min(opened_position, episode) AS first_position,
        CAST(sum(times) AS BIGINT) AS times
    FROM finding_episodes
    WHERE NOT redacted
    GROUP BY scope, fingerprint
)

SELECT
    e.finding_key,
    t.tool,
    e.kind,
    t.rule,
    t.fingerprint,
    t.fingerprint_basis,
    t.severity,
    t.target,
    t.package,
    t.version,
    t.fixed,
    e.scan_target,
    e.service,
    e.services,
    e.repository,
    e.environment,
    e.ref,
    e.commit,
    e.artifact,
    CASE
        WHEN e.closed_at IS NOT NULL THEN 'closed'
        WHEN e.suppressed THEN 'suppressed'
        ELSE 'open'
    END AS state,
    t.first_seen_at,
    t.first_position,
    e.opened_at,
    e.last_seen_at,
    e.last_position,
    t.times,
    CAST(e.episodes AS BIGINT) AS episodes,
    e.closed_at,
    e.closed_position,
    e.closed_basis,
    epoch(e.closed_at) - epoch(e.opened_at) AS open_s,
    FALSE AS redacted
FROM finding_episodes AS e
INNER JOIN told AS t USING (scope, fingerprint)
WHERE e.episode = e.episodes
UNION ALL BY NAME
SELECT
    finding_key,
    tool,
    kind,
    scan_target,
    service,
    services,
    repository,
    environment,
    ref,
    commit,
    artifact,
    'redacted' AS state,
    opened_at AS first_seen_at,
    opened_position AS first_position,
    last_seen_at,
    last_position,
    TRUE AS redacted
FROM finding_episodes
WHERE redacted
