-- What tests of intervals came to: one row a test, set of its parameters, thing and interval.
-- The last one in an interval decides, so a failure must be followed by a success, unless it says
-- too little; then the last one before it. Evidence counts that the ledger had before the interval
-- was over, or not much later than it happened.
WITH numbered AS (
    SELECT
        e.*,
        s.now,
        s.least,
        s.length_us,
        s.begins_at,
        CASE
            WHEN e.done_at >= s.begins_at THEN least(
                (epoch_us(e.done_at) - epoch_us(s.begins_at)) // s.length_us, s.last_number
            )
        END AS number,
        -- Of an interval that is not over yet, evidence lies within as many days before now.
        CASE
            WHEN e.done_at >= s.now - to_microseconds(s.length_us)
                AND epoch_us(s.begins_at) + (s.last_number + 1) * s.length_us > epoch_us(s.now)
                THEN s.last_number
        END AS under_way
    FROM calendar_spans AS s
    INNER JOIN calendar_evidence AS e USING (test, variant, thing)
    WHERE e.done_at <= s.now
),

placed AS (
    SELECT
        * EXCLUDE (number, under_way),
        unnest(list_distinct([number, under_way])) AS number
    FROM numbered
),

weighed AS (
    SELECT
        test,
        variant,
        thing,
        number,
        done_at,
        positions,
        assurance,
        CASE
            WHEN word.level = 1 THEN word
            WHEN coalesce(time_basis, 'source') NOT IN ('source', 'caller')
                THEN {'level': 2, 'reason': 'it has no time of its own'}
            WHEN epoch_us(recorded_at)
                > least(epoch_us(begins_at) + (number + 1) * length_us, epoch_us(now))
                AND recorded_at > done_at + (SELECT max_ingest_delay FROM control_settings)
                THEN {'level': 2, 'reason': 'it was recorded afterwards'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], assurance) < least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE word
        END AS word
    FROM placed
    WHERE number IS NOT NULL
),

best AS (
    SELECT
        test,
        variant,
        thing,
        number,
        arg_max(
            {'word': word, 'done_at': done_at, 'positions': positions, 'assurance': assurance},
            (word.level <> 2, done_at, positions)
        ) AS one
    FROM weighed
    GROUP BY ALL
),

known AS (
    SELECT DISTINCT test FROM calendar_evidence
)

SELECT
    c.test,
    c.variant,
    c.thing || ' ' || strftime(c.starts_at, '%Y-%m-%dT%H:%M:%SZ') AS item_key,
    'interval' AS item,
    c.service,
    v.team,
    c.environment,
    CAST(NULL AS VARCHAR) AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    -- What is missed is missed in the last instant.
    CASE
        WHEN b.one.done_at >= c.starts_at AND b.one.done_at < c.ends_at THEN b.one.done_at
        ELSE c.ends_at - INTERVAL 1 MICROSECOND
    END AS occurred_at,
    CASE
        WHEN b.one.word.level = 1 THEN 'violated'
        WHEN b.one.word.level = 2 THEN 'insufficient-evidence'
        WHEN b.one.word.level = 4 THEN 'satisfied'
        WHEN NOT c.is_due THEN 'not-applicable'
        WHEN k.test IS NULL THEN 'insufficient-evidence'
        ELSE 'violated'
    END AS outcome,
    CASE
        WHEN b.one.word.level IS NOT NULL THEN b.one.word.reason
        WHEN NOT c.is_due THEN 'not due yet'
        WHEN k.test IS NULL THEN 'this ledger knows of nothing of the kind at all'
        ELSE 'not done in the interval'
    END AS reason,
    b.one.assurance AS assurance,
    coalesce(b.one.positions, c.positions) AS positions
FROM calendar AS c
LEFT JOIN best AS b USING (test, variant, thing, number)
LEFT JOIN known AS k USING (test)
LEFT JOIN service_registrations AS v
    ON c.service = v.service AND c.starts_at >= v.effective_from AND c.starts_at < v.effective_until
