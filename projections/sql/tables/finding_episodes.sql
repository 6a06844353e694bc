-- Each time that a finding was there: one row a finding and episode, from the scan that first
-- showed it to the full one of the same scope that did not any more. Findings documents that were
-- redacted are rows that say so.
WITH gathered AS (
    SELECT
        scope,
        fingerprint,
        episode,
        arg_max(fingerprint_basis, (seen_at, position)) AS fingerprint_basis,
        arg_max(tool, (seen_at, position)) AS tool,
        arg_max(rule, (seen_at, position)) AS rule,
        arg_max(target, (seen_at, position)) AS target,
        arg_max(severity, (seen_at, position)) AS severity,
        arg_max(package, (seen_at, position)) AS package,
        arg_max(version, (seen_at, position)) AS version,
        arg_max(fixed, (seen_at, position)) AS fixed,
        arg_max(suppressed, (seen_at, position)) AS suppressed,
        min(seen_at) AS opened_at,
        arg_min(position, (seen_at, position)) AS opened_position,
        max(seen_at) AS last_seen_at,
        arg_max(position, (seen_at, position)) AS last_position,
        arg_max(full_scans, (seen_at, position)) AS full_scans,
        count(*) AS times
    FROM finding_sightings
    GROUP BY scope, fingerprint, episode
)

SELECT
    g.scope || ' | ' || g.fingerprint AS finding_key,
    g.* EXCLUDE (full_scans),
    max(g.episode) OVER (PARTITION BY g.scope, g.fingerprint) AS episodes,
    c.seen_at AS closed_at,
    c.position AS closed_position,
    CASE
        WHEN c.extent = 'full' THEN 'full scan'
        WHEN c.position IS NOT NULL THEN 'scan of no stated extent'
    END AS closed_basis,
    s.kind,
    s.target AS scan_target,
    s.service,
    s.services,
    s.repository,
    s.environment,
    s.ref,
    s.commit,
    s.artifact,
    FALSE AS redacted
FROM gathered AS g
INNER JOIN finding_scans AS s ON g.last_position = s.position
LEFT JOIN finding_scans AS c
    ON g.scope = c.scope AND c.is_next AND c.full_scans = g.full_scans + 1
UNION ALL BY NAME
SELECT
    scope || ' | position ' || position AS finding_key,
    scope,
    1 AS episode,
    1 AS episodes,
    tool,
    seen_at AS opened_at,
    position AS opened_position,
    seen_at AS last_seen_at,
    position AS last_position,
    kind,
    target AS scan_target,
    service,
    services,
    repository,
    environment,
    ref,
    commit,
    artifact,
    TRUE AS redacted
FROM finding_scans
WHERE redacted
