-- What tests over every event say of each event that was recorded in the window: one row a test,
-- set of its parameters and event. `level` 1 violates, 2 is too little, 4 will do.
WITH asked AS (
    SELECT
        test,
        variant,
        CAST(parameters ->> '$.max_skew_seconds' AS BIGINT) * INTERVAL 1 SECOND AS max_skew,
        CAST(parameters ->> '$.max_ingest_delay_minutes' AS BIGINT) * INTERVAL 1 MINUTE AS max_delay,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test IN ('ACC-04', 'LOG-01', 'LOG-06')
),

recorded AS (
    SELECT
        *,
        CASE
            WHEN coalesce(time_basis, 'source') = 'received' THEN 'it says only when it was received'
            WHEN coalesce(time_basis, 'source') NOT IN ('source', 'caller')
                THEN 'it says a time of no known zone'
        END AS undated,
        -- What only a person can do.
        type IN (
            'pipeledger.approval.granted', 'pipeledger.approval.rejected',
            'pipeledger.change.reviewed', 'pipeledger.access.reviewed', 'pipeledger.waiver.granted'
        ) OR (type = 'pipeledger.approval.reported' AND verdict IN ('approved', 'rejected'))
            AS is_human,
        recorded_at < lag(recorded_at) OVER (ORDER BY position) AS is_backwards
    FROM event_facts
),

told AS (
    SELECT
        q.test,
        q.variant,
        e.*,
        list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) < q.least AS is_weak,
        q.max_skew,
        q.max_delay
    FROM asked AS q
    CROSS JOIN recorded AS e
    CROSS JOIN parameters AS p
    WHERE e.recorded_at >= p.window_from AND e.recorded_at < p.window_to
)

SELECT
    test, variant, position, type, service, environment, recorded_at, assurance,
    CASE
        WHEN redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
        WHEN type IS NULL OR source IS NULL THEN {'level': 1, 'reason': 'it does not say what it is'}
        WHEN occurred_at IS NULL THEN {'level': 1, 'reason': 'it does not say when'}
        WHEN coalesce(actor, workload, principal) IS NULL
            THEN {'level': 1, 'reason': 'it does not say who'}
        WHEN NOT has_object THEN {'level': 1, 'reason': 'it does not say what it is about'}
        WHEN verdict IS NULL AND type IN (SELECT type FROM types_with_outcome)
            THEN {'level': 1, 'reason': 'it does not say how it went'}
        WHEN undated IS NOT NULL THEN {'level': 2, 'reason': undated}
        WHEN is_weak THEN {'level': 2, 'reason': 'it is too weakly assured'}
        ELSE {'level': 4, 'reason': 'complete'}
    END AS word
FROM told
WHERE test = 'LOG-01'
UNION ALL BY NAME
SELECT
    test, variant, position, type, service, environment, recorded_at, assurance,
    CASE
        WHEN is_backwards THEN {'level': 1, 'reason': 'recorded before the entry before it'}
        WHEN occurred_at > recorded_at + max_skew
            THEN {'level': 1, 'reason': 'it claims to have happened after it was recorded'}
        WHEN redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
        WHEN occurred_at IS NULL THEN {'level': 1, 'reason': 'it does not say when'}
        WHEN undated IS NOT NULL THEN {'level': 2, 'reason': undated}
        WHEN recorded_at - occurred_at > max_delay
            THEN {'level': 2, 'reason': 'recorded long after it happened'}
        WHEN is_weak THEN {'level': 2, 'reason': 'it is too weakly assured'}
        ELSE {'level': 4, 'reason': 'recorded soon after it happened'}
    END AS word
FROM told
WHERE test = 'LOG-06'
UNION ALL BY NAME
SELECT
    test, variant, position, type, service, environment, recorded_at, assurance,
    CASE
        WHEN principal IS NULL THEN {'level': 1, 'reason': 'nobody knows who sent it'}
        WHEN redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
        WHEN is_human AND starts_with(coalesce(actor, principal), 'wkl_')
            THEN {'level': 1, 'reason': 'a step of people that names no person'}
        WHEN is_weak THEN {'level': 2, 'reason': 'it is too weakly assured'}
        ELSE {'level': 4, 'reason': 'of one person or workload'}
    END AS word
FROM told
WHERE test = 'ACC-04'
