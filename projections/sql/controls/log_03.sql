-- LOG-03: was silence of a source noticed?
-- Of each source that says how often it is heard of: between two deliveries, and since the last
-- one, lies no more than that or the limit, whichever is longer; or the ledger noticed. That it
-- noticed is no explanation yet, and those are sealed. How often is what it said by then: saying
-- otherwise makes up for no silence before. Of the others nobody can tell silence from rest. Once
-- its credential is revoked a source has nothing to say.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_silence_minutes' AS BIGINT) * INTERVAL 1 MINUTE AS most
    FROM control_variants
    WHERE test = 'LOG-03'
),

revoked AS (
    SELECT credential, min(recorded_at) AS revoked_at
    FROM ledger_facts
    WHERE what = 'key.revoked'
    GROUP BY credential
),

registered AS (
    SELECT
        source_name AS name,
        arg_max(source_credential, position) AS credential,
        arg_max(source_every_s, position) AS every_s,
        min(recorded_at) AS since,
        max(position) AS position,
        arg_max(assurance, position) AS assurance
    FROM register_facts
    WHERE what = 'source.registered' AND source_name IS NOT NULL
    GROUP BY source_name
),

sources AS (
    SELECT s.*, r.revoked_at
    FROM registered AS s
    LEFT JOIN revoked AS r USING (credential)
),

-- Each time that it said how often.
paces AS (
    SELECT source_name AS name, recorded_at, position, source_every_s AS every_s
    FROM register_facts
    WHERE what = 'source.registered' AND source_name IS NOT NULL AND source_every_s IS NOT NULL
    QUALIFY source_every_s IS DISTINCT FROM lag(source_every_s) OVER (
        PARTITION BY source_name ORDER BY position
    )
),

heard AS (
    SELECT name, recorded_at, position FROM source_heard
    UNION ALL
    SELECT name, recorded_at, position FROM paces
),

pauses AS (
    SELECT
        h.name,
        h.position,
        h.recorded_at AS last_at,
        c.every_s,
        least(coalesce(lead(h.recorded_at) OVER w, n.now), s.revoked_at) AS next_at
    FROM heard AS h
    INNER JOIN sources AS s USING (name)
    ASOF JOIN paces AS c ON h.name = c.name AND h.recorded_at >= c.recorded_at
    CROSS JOIN control_now AS n
    WHERE h.recorded_at <= n.now
    WINDOW w AS (PARTITION BY h.name ORDER BY h.recorded_at, h.position)
),

silences AS (
    SELECT
        q.variant,
        s.name,
        u.position,
        u.next_at,
        u.last_at + greatest(u.every_s * INTERVAL 1 SECOND, q.most) AS due
    FROM asked AS q
    CROSS JOIN pauses AS u
    INNER JOIN sources AS s USING (name)
    CROSS JOIN parameters AS p
    WHERE u.next_at - u.last_at > greatest(u.every_s * INTERVAL 1 SECOND, q.most)
        AND u.next_at >= p.window_from
        AND u.last_at + greatest(u.every_s * INTERVAL 1 SECOND, q.most) < p.window_to
),

-- The first time that the ledger noticed, of each silence.
noticed AS (
    SELECT
        s.*,
        CASE WHEN g.recorded_at <= s.next_at THEN g.position END AS noticed_position
    FROM silences AS s
    ASOF LEFT JOIN (SELECT * FROM ledger_facts WHERE what = 'source.gap') AS g
        ON s.name = g.name AND s.position < g.position
),

summed AS (
    SELECT
        variant,
        name,
        bool_or(noticed_position IS NULL) AS is_unnoticed,
        min(due) AS silent_at,
        list(position ORDER BY position)[:100] AS positions,
        list(noticed_position) FILTER (WHERE noticed_position IS NOT NULL) AS noticed
    FROM noticed
    GROUP BY variant, name
)

SELECT
    q.variant,
    'source ' || s.name AS item_key,
    'source' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    greatest(coalesce(u.silent_at, s.since), p.window_from) AS occurred_at,
    CASE
        WHEN u.is_unnoticed THEN 'violated'
        WHEN s.every_s IS NULL OR u.name IS NOT NULL THEN 'insufficient-evidence'
        ELSE 'satisfied'
    END AS outcome,
    CASE
        WHEN u.is_unnoticed THEN 'silent, and nobody noticed'
        WHEN s.every_s IS NULL THEN 'nobody says how often it is to be heard of'
        WHEN u.name IS NOT NULL THEN 'silent and noticed, but not explained'
        ELSE 'never silent for longer than its limit'
    END AS reason,
    s.assurance,
    list_concat([s.position], coalesce(u.positions, []), coalesce(u.noticed[:100], [])) AS positions
FROM asked AS q
CROSS JOIN sources AS s
CROSS JOIN parameters AS p
CROSS JOIN control_now AS n
LEFT JOIN summed AS u ON q.variant = u.variant AND s.name = u.name
WHERE s.since < n.now AND coalesce(s.revoked_at > p.window_from, TRUE)
