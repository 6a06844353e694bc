-- LOG-07: is access to the ledger itself on record, and what changes it decided by two?
-- Readings and copies are one item a reader; what concerns its credentials one each; what two
-- persons must decide is satisfied where they are two, accounts of one person being one. Before
-- there was a second operator nobody could be asked, which is too little.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'LOG-07'
),

seen AS (
    SELECT
        'reader ' || coalesce(principal, '-') AS item_key,
        'readings' AS item,
        recorded_at,
        position,
        assurance,
        CASE
            WHEN principal IS NULL THEN {'level': 1, 'reason': 'nobody knows who read'}
            ELSE {'level': 4, 'reason': 'on record'}
        END AS word
    FROM governance_facts
    WHERE what IN ('evidence.read', 'evidence.exported')
    UNION ALL
    SELECT
        'credential ' || position, 'credential', recorded_at, position, assurance,
        CASE
            WHEN principal IS NULL THEN {'level': 1, 'reason': 'nobody knows who decided'}
            ELSE {'level': 4, 'reason': 'on record'}
        END
    FROM ledger_facts
    WHERE what IN ('token.issued', 'token.revoked', 'key.enrolled', 'key.rotated', 'key.revoked')
    UNION ALL
    SELECT
        'act ' || position, 'act of two', recorded_at, position, assurance,
        CASE
            WHEN second_person IS NOT NULL AND first_person = second_person
                THEN {'level': 1, 'reason': 'both are one person'}
            WHEN second_person IS NOT NULL AND first_person IS NOT NULL
                THEN {'level': 4, 'reason': 'decided by two'}
            WHEN operators > 1 THEN {'level': 1, 'reason': 'decided by one alone'}
            ELSE {'level': 2, 'reason': 'there was nobody else to ask'}
        END
    FROM two_person_acts
),

told AS (
    SELECT
        q.variant,
        s.* EXCLUDE (word),
        CASE
            WHEN s.word.level = 4
                AND list_position(['imported', 'asserted', 'observed', 'decided'], s.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE s.word
        END AS word
    FROM asked AS q
    CROSS JOIN seen AS s
    CROSS JOIN parameters AS p
    WHERE s.recorded_at >= p.window_from AND s.recorded_at < p.window_to
)

SELECT
    variant,
    item_key,
    any_value(item) AS item,
    CAST([] AS VARCHAR[]) AS artifacts,
    max(recorded_at) AS occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][min(word).level] AS outcome,
    min(word).reason AS reason,
    arg_min(assurance, list_position(
        ['imported', 'asserted', 'observed', 'decided'], assurance
    )) AS assurance,
    list_distinct([min(position), max(position)]) AS positions
FROM told
GROUP BY variant, item_key
