-- Items of the tests over every event. An event that is not satisfied is an item of its own; those
-- that are, are one item a type, service and environment (their first and last entry stand for
-- them), so that there are not as many items as events.
WITH told AS (
    SELECT
        test,
        variant,
        'event ' || position AS item_key,
        'event' AS item,
        service,
        environment,
        recorded_at AS occurred_at,
        word,
        assurance,
        [position] AS positions
    FROM event_words
    WHERE word.level < 4
    UNION ALL BY NAME
    SELECT
        test,
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
    FROM event_words
    WHERE word.level = 4
    GROUP BY test, variant, service, environment, type, word
)

SELECT
    t.test,
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
