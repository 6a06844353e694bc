-- The windows that numbers are wanted for: the window itself, the one to compare it with (R16), and
-- the steps of a series. Days and weeks are those of the time zone `tz`; windows are half-open.
WITH local_steps AS (
    SELECT
        tz,
        bucket,
        window_from,
        window_to,
        unnest(generate_series(
            date_trunc(bucket, timezone(tz, window_from)),
            timezone(tz, window_to),
            CASE bucket
                WHEN 'day' THEN INTERVAL 1 DAY
                WHEN 'week' THEN INTERVAL 7 DAYS
                ELSE INTERVAL 1 MONTH
            END
        )) AS step
    FROM parameters
    WHERE bucket <> 'none'
),

steps AS (
    SELECT
        'step' AS part,
        greatest(window_from, timezone(tz, step)) AS window_from,
        least(window_to, timezone(tz, step + CASE bucket
            WHEN 'day' THEN INTERVAL 1 DAY
            WHEN 'week' THEN INTERVAL 7 DAYS
            ELSE INTERVAL 1 MONTH
        END)) AS window_to
    FROM local_steps
),

wanted AS (
    SELECT 'window' AS part, window_from, window_to FROM parameters
    UNION ALL
    SELECT 'baseline' AS part, baseline_from, baseline_to
    FROM parameters
    WHERE baseline_from IS NOT NULL
    UNION ALL
    SELECT * FROM steps WHERE window_from < window_to
)

SELECT
    part,
    window_from,
    window_to,
    epoch(window_from) AS from_s,
    epoch(window_to) AS to_s
FROM wanted
