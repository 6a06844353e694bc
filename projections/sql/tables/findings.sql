-- What scanners found, over time: one row a finding of one scope, open until a later full scan of
-- the same scope does not show it. Findings documents that were redacted are rows that say so.
WITH followed AS (
    SELECT
        scope,
        fingerprint,
        arg_max(fingerprint_basis, (seen_at, position)) AS fingerprint_basis,
        arg_max(tool, (seen_at, position)) AS tool,
        arg_max(rule, (seen_at, position)) AS rule,
        arg_max(target, (seen_at, position)) AS target,
        arg_max(severity, (seen_at, position)) AS severity,
        arg_max(package, (seen_at, position)) AS package,
        arg_max(version, (seen_at, position)) AS version,
        arg_max(fixed, (seen_at, position)) AS fixed,
        arg_max(suppressed, (seen_at, position)) AS suppressed,
        min(seen_at) AS first_seen_at,
        arg_min(position, (seen_at, position)) AS first_position,
        max(seen_at) AS last_seen_at,
        arg_max(position, (seen_at, position)) AS last_position,
        arg_max(full_scans, (seen_at, position)) AS full_scans,
        count(*) AS times,
        CAST(max(episode) AS BIGINT) AS episodes
    FROM finding_sightings
    GROUP BY scope, fingerprint
),

opened AS (
    SELECT scope, fingerprint, arg_max(seen_at, episode) AS opened_at
    FROM finding_sightings
    WHERE begins
    GROUP BY scope, fingerprint
),

settled AS (
    SELECT
        f.*,
        o.opened_at,
        c.seen_at AS closed_at,
        c.position AS closed_position,
        CASE
            WHEN c.extent = 'full' THEN 'full scan'
            WHEN c.position IS NOT NULL THEN 'scan of no stated extent'
        END AS closed_basis
    FROM followed AS f
    INNER JOIN opened AS o USING (scope, fingerprint)
    LEFT JOIN finding_scans AS c
        ON f.scope = c.scope AND c.is_next AND c.full_scans = f.full_scans + 1
)

SELECT
    f.scope || ' | ' || f.fingerprint AS finding_key,
    f.tool,
    s.kind,
    f.rule,
    f.fingerprint,
    f.fingerprint_basis,
    f.severity,
    f.target,
    f.package,
    f.version,
    f.fixed,
    s.target AS scan_target,
    s.service,
    s.services,
    s.repository,
    s.environment,
    s.ref,
    s.commit,
    s.artifact,
    CASE
        WHEN f.closed_at IS NOT NULL THEN 'closed'
        WHEN f.suppressed THEN 'suppressed'
        ELSE 'open'
    END AS state,
    f.first_seen_at,
    f.first_position,
    f.opened_at,
    f.last_seen_at,
    f.last_position,
    f.times,
    f.episodes,
    f.closed_at,
    f.closed_position,
    f.closed_basis,
    epoch(f.closed_at) - epoch(f.opened_at) AS open_s,
    FALSE AS redacted
FROM settled AS f
INNER JOIN finding_scans AS s ON f.last_position = s.position
UNION ALL BY NAME
SELECT
    scope || ' | position ' || position AS finding_key,
    tool,
    kind,
    target AS scan_target,
    service,
    services,
    repository,
    environment,
    ref,
    commit,
    artifact,
    'redacted' AS state,
    seen_at AS first_seen_at,
    position AS first_position,
    seen_at AS last_seen_at,
    position AS last_position,
    TRUE AS redacted
FROM finding_scans
WHERE redacted
