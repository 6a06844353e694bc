-- From when to when there are intervals for everything that a test of intervals is about, and how
-- many: from when the window begins or the thing is there. `length_us` is an interval in
-- microseconds, `last_number` the number of the one that now lies in, from 0.
WITH asked AS (
    SELECT
        q.test,
        q.variant,
        greatest(1, least(36500, CAST(q.parameters ->> '$.interval_days' AS BIGINT))) * 86_400_000_000
            AS length_us,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], q.parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants AS q
),

spans AS (
    SELECT
        q.*,
        t.thing,
        t.service,
        t.environment,
        t.since,
        t.positions,
        n.now,
        greatest(t.since, p.window_from, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS begins_at
    FROM asked AS q
    INNER JOIN calendar_things AS t USING (test)
    CROSS JOIN control_now AS n
    CROSS JOIN parameters AS p
)

SELECT
    *,
    (epoch_us(now) - epoch_us(begins_at) - 1) // length_us AS last_number
FROM spans
WHERE begins_at < now
