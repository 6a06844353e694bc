-- How the outcomes of items went month by month, in the time zone asked for: the same items as
-- everywhere, each in the month in which it was.
SELECT
    i.test,
    i.variant,
    strftime(timezone(p.tz, i.occurred_at), '%Y-%m') AS month,
    count(*) FILTER (WHERE i.outcome = 'satisfied') AS satisfied,
    count(*) FILTER (WHERE i.outcome = 'violated') AS violated,
    count(*) FILTER (WHERE i.outcome = 'excepted') AS excepted,
    count(*) FILTER (WHERE i.outcome = 'insufficient-evidence') AS insufficient,
    count(*) FILTER (WHERE i.outcome = 'not-applicable') AS not_applicable
FROM control_items AS i
CROSS JOIN parameters AS p
WHERE i.occurred_at IS NOT NULL
GROUP BY i.test, i.variant, month
