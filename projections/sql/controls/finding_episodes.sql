-- Each time that a finding was there: one row a finding and episode, from the scan that first showed
-- it to the full one that did not any more. One that came back is judged each time. Findings documents
-- that were redacted are rows that say so.
WITH gathered AS (
    SELECT
        scope,
        fingerprint,
        episode,
        arg_max(rule, (seen_at, position)) AS rule,
        arg_max(severity, (seen_at, position)) AS severity,
        arg_max(suppressed, (seen_at, position)) AS suppressed,
        min(seen_at) AS opened_at,
        arg_min(position, (seen_at, position)) AS opened_position,
        arg_max(position, (seen_at, position)) AS last_position,
        arg_max(full_scans, (seen_at, position)) AS full_scans
    FROM finding_sightings
    GROUP BY scope, fingerprint, episode
)

SELECT
    g.scope || ' | ' || g.fingerprint AS finding_key,
    g.episode,
    max(g.episode) OVER (PARTITION BY g.scope, g.fingerprint) AS episodes,
    g.rule,
    g.fingerprint,
    g.severity,
    g.suppressed,
    g.opened_at,
    g.opened_position,
    g.last_position,
    c.seen_at AS closed_at,
    c.position AS closed_position,
    s.kind,
    s.service,
    s.services,
    s.repository,
    s.environment,
    s.artifact,
    FALSE AS redacted
FROM gathered AS g
INNER JOIN finding_scans AS s ON g.last_position = s.position
LEFT JOIN finding_scans AS c
    ON g.scope = c.scope AND c.is_next AND c.full_scans = g.full_scans + 1
UNION ALL BY NAME
SELECT
    scope || ' | position ' || position AS finding_key,
    1 AS episode,
    1 AS episodes,
    seen_at AS opened_at,
    position AS opened_position,
    position AS last_position,
    kind,
    service,
    services,
    repository,
    environment,
    artifact,
    TRUE AS redacted
FROM finding_scans
WHERE redacted
