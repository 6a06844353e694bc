-- The intervals of the window, of `interval_days` each, for everything that a test of intervals is
-- about: from when the window begins or the thing is there. Evidence of an interval lies in it; of
-- one that is not over yet, within as many days before now. It is due where one is over, and where
-- the thing is there for longer than an interval lasts.
WITH spans AS (
    SELECT
        q.test,
        q.variant,
        t.thing,
        t.service,
        t.environment,
        t.since,
        t.positions,
        n.now,
        greatest(1, least(36500, CAST(q.parameters ->> '$.interval_days' AS BIGINT))) * INTERVAL 1 DAY
            AS length,
        greatest(t.since, p.window_from, TIMESTAMPTZ '2000-01-01 00:00:00+00') AS begins_at
    FROM control_variants AS q
    INNER JOIN calendar_things AS t USING (test)
    CROSS JOIN control_now AS n
    CROSS JOIN parameters AS p
),

intervals AS (
    SELECT *, unnest(range(begins_at, now, length)) AS starts_at
    FROM spans
)

SELECT
    * EXCLUDE (begins_at, length),
    least(starts_at + length, now) AS ends_at,
    CASE WHEN starts_at + length > now THEN least(starts_at, now - length) ELSE starts_at END
        AS looks_from,
    starts_at + length <= now OR since < now - length AS is_due
FROM intervals
