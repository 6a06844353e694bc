-- R5: the weeks, Monday to Sunday in the time zone `tz`, that lie wholly in a window. A window that
-- is open to one side has none.
WITH mondays AS (
    SELECT
        w.part,
        w.window_from,
        w.window_to,
        p.tz,
        unnest(generate_series(
            date_trunc('week', timezone(p.tz, w.window_from)),
            timezone(p.tz, w.window_to),
            INTERVAL 7 DAYS
        )) AS monday
    FROM windows AS w
    CROSS JOIN parameters AS p
    WHERE w.to_s - w.from_s <= 3660.0 * 86400
)

SELECT
    part,
    window_from,
    window_to,
    CAST(monday AS DATE) AS monday
FROM mondays
WHERE timezone(tz, monday) >= window_from
    AND timezone(tz, monday + INTERVAL 7 DAYS) <= window_to
