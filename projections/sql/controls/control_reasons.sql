-- Why items came to what they came to: one row a test, set of parameters, outcome and reason.
SELECT
    test,
    variant,
    outcome,
    reason,
    count(*) AS items,
    min(occurred_at) AS first_at,
    max(occurred_at) AS last_at
FROM control_items
GROUP BY test, variant, outcome, reason
