-- LOG-01: does every event say what it must?
-- What, when, by whom, of what, and how it went; type, source, sender and the instant of recording
-- are the entry's own and always there. Who did it is the actor that the event names, else who sent
-- it. Over every event that was recorded in the window.
-- An event that is not satisfied is an item of its own; those that are, are one item a type, service
-- and environment (their first and last entry stand for them), so that there are not as many items
-- as events.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'LOG-01'
),

judged AS (
    SELECT
        q.variant,
        e.*,
        CASE
            WHEN e.redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
            WHEN e.type IS NULL OR e.source IS NULL
                THEN {'level': 1, 'reason': 'nobody says what it is'}
            WHEN e.occurred_at IS NULL THEN {'level': 1, 'reason': 'it does not say when'}
            WHEN coalesce(e.actor, e.workload, e.principal) IS NULL
                THEN {'level': 1, 'reason': 'it does not say who'}
            WHEN NOT e.has_object THEN {'level': 1, 'reason': 'it does not say what it is about'}
            WHEN e.verdict IS NULL AND e.type IN (SELECT type FROM types_with_outcome)
                THEN {'level': 1, 'reason': 'it does not say how it went'}
            WHEN coalesce(e.time_basis, 'source') = 'received'
                THEN {'level': 2, 'reason': 'it says only when it was received'}
            WHEN coalesce(e.time_basis, 'source') NOT IN ('source', 'caller')
                THEN {'level': 2, 'reason': 'it says a time of no known zone'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], e.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE {'level': 4, 'reason': 'complete'}
        END AS word
    FROM asked AS q
    CROSS JOIN event_facts AS e
    CROSS JOIN parameters AS p
    WHERE e.recorded_at >= p.window_from AND e.recorded_at < p.window_to
),

told AS (
    SELECT
        variant,
        'event ' || position AS item_key,
        'event' AS item,
        service,
        environment,
        recorded_at AS occurred_at,
        word,
        assurance,
        [position] AS positions
    FROM judged
    WHERE word.level < 4
    UNION ALL BY NAME
    SELECT
        variant,
        concat_ws(' ', 'events', coalesce(service, '-'), coalesce(environment, '-'), type)
            AS item_key,
        'events of a type' AS item,
        service,
        environment,
        max(recorded_at) AS occurred_at,
        word,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list_distinct([min(position), max(position)]) AS positions
    FROM judged
    WHERE word.level = 4
    GROUP BY variant, service, environment, type, word
)

SELECT
    t.variant,
    t.item_key,
    t.item,
    t.service,
    v.team,
    t.environment,
    CAST(NULL AS VARCHAR) AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    t.occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    t.positions
FROM told AS t
LEFT JOIN service_registrations AS v
    ON t.service = v.service
    AND t.occurred_at >= v.effective_from AND t.occurred_at < v.effective_until
