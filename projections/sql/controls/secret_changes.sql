-- The life of each secret: when it was made, got another value, was made useless; and when it was
-- first read, where nobody says when it was made. One row a change.
-- Reading a secret that an engine makes anew for each reader, or lends, tells of no lasting secret.
-- Destroying an older version than the one in use ends no secret.
WITH told AS (
    SELECT
        *,
        least(occurred_at, recorded_at) AS since,
        max(version) FILTER (WHERE what IN ('created', 'rotated')) OVER (
            PARTITION BY secret_key ORDER BY occurred_at, position ROWS UNBOUNDED PRECEDING
        ) AS newest_version
    FROM secret_facts
    WHERE secret_key IS NOT NULL AND occurred_at IS NOT NULL
        AND coalesce(outcome, 'success') = 'success'
),

lasting AS (
    SELECT * FROM told
    WHERE what IN ('created', 'rotated')
        OR (what = 'revoked' AND coalesce(version >= newest_version, TRUE))
    UNION ALL
    SELECT * FROM told
    WHERE what = 'accessed' AND lease IS NULL AND lease_s IS NULL AND expires IS NULL
        AND coalesce(engine, 'kv') IN ('kv', 'generic')
)

SELECT
    secret_key,
    what,
    since,
    position,
    service,
    environment,
    assurance,
    suspected_compromise,
    least(expires, since + CASE WHEN lease_s < 1e10 THEN lease_s END * INTERVAL 1 SECOND) AS expires,
    CASE
        WHEN coalesce(time_basis, 'source') NOT IN ('source', 'caller') THEN 'undated'
        WHEN recorded_at > since + (SELECT max_ingest_delay FROM control_settings)
            THEN 'recorded afterwards'
        ELSE 'dated'
    END AS timing
FROM lasting
QUALIFY what <> 'accessed'
    OR row_number() OVER (PARTITION BY secret_key ORDER BY since, position) = 1
