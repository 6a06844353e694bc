-- SEC-02: were keys used within their life?
-- Of every key that signs for an emitter: it is replaced, revoked or expired within the limit, and
-- signs nothing once that is over, nor after it was revoked or expired; until then the old one may
-- sign beside the new one. What it signed since it may have been in other hands is no proof.
-- Tokens and secrets of sources are no keys; keys in a store of secrets are judged by SEC-01.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_age_days' AS BIGINT) * INTERVAL 1 DAY AS max_age
    FROM control_variants
    WHERE test = 'SEC-02'
),

keys AS (
    SELECT
        credential,
        min(recorded_at) FILTER (WHERE what = 'key.enrolled') AS enrolled_at,
        min(recorded_at) FILTER (WHERE what <> 'key.enrolled') AS ended_at,
        min(recorded_at) FILTER (WHERE what = 'key.revoked') AS revoked_at,
        min(expires) AS expires,
        min(compromised_from) AS compromised_from,
        list(position ORDER BY position) AS positions,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance
    FROM ledger_facts
    WHERE what IN ('key.enrolled', 'key.rotated', 'key.revoked') AND credential IS NOT NULL
    GROUP BY credential
    HAVING bool_or(what <> 'key.revoked')
),

used AS (
    SELECT
        k.credential,
        min(e.position) FILTER (WHERE e.recorded_at > least(k.revoked_at, k.expires)) AS position,
        min(e.position) FILTER (WHERE e.position >= k.compromised_from) AS doubtful_position,
        max(e.recorded_at) AS last_at
    FROM keys AS k
    INNER JOIN all_event_facts AS e USING (credential)
    CROSS JOIN control_now AS n
    WHERE e.recorded_at <= n.now
    GROUP BY k.credential
),

told AS (
    SELECT
        q.variant,
        k.*,
        u.position AS used_position,
        u.doubtful_position,
        greatest(least(k.ended_at, k.expires, n.now), u.last_at) AS until,
        k.enrolled_at + q.max_age AS due
    FROM asked AS q
    CROSS JOIN keys AS k
    CROSS JOIN control_now AS n
    LEFT JOIN used AS u USING (credential)
    WHERE coalesce(k.enrolled_at, k.ended_at) < n.now
)

SELECT
    t.variant,
    'key ' || t.credential AS item_key,
    'key' AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    greatest(
        CASE WHEN t.until > t.due THEN t.due ELSE coalesce(t.enrolled_at, t.ended_at) END, p.window_from
    ) AS occurred_at,
    CASE
        WHEN t.used_position IS NOT NULL OR t.until > t.due THEN 'violated'
        WHEN t.doubtful_position IS NOT NULL OR t.enrolled_at IS NULL THEN 'insufficient-evidence'
        ELSE 'satisfied'
    END AS outcome,
    CASE
        WHEN t.used_position IS NOT NULL THEN 'used after its end'
        WHEN t.until > t.due THEN 'older than its limit'
        WHEN t.doubtful_position IS NOT NULL THEN 'it signed while it may have been in other hands'
        WHEN t.enrolled_at IS NULL THEN 'nobody says how old it is'
        ELSE 'used within its life'
    END AS reason,
    t.assurance,
    list_concat(t.positions, [
        one FOR one IN [t.used_position, t.doubtful_position] IF one IS NOT NULL
    ]) AS positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.until >= p.window_from AND coalesce(t.enrolled_at, t.ended_at) < p.window_to
