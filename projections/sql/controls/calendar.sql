-- The intervals of the window, of `interval_days` each. One is due where it is over, and where the
-- thing is there for longer than an interval lasts.
WITH intervals AS (
    SELECT *, unnest(range(0, last_number + 1)) AS number
    FROM calendar_spans
)

SELECT
    test,
    variant,
    thing,
    number,
    service,
    environment,
    positions,
    begins_at + to_microseconds(number * length_us) AS starts_at,
    least(begins_at + to_microseconds((number + 1) * length_us), now) AS ends_at,
    begins_at + to_microseconds((number + 1) * length_us) <= now
        OR since < now - to_microseconds(length_us) AS is_due
FROM intervals
