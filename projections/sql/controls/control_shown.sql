-- The items of every test in the order in which people look at them: what violates first, then what
-- lacks evidence, then exceptions, then what is in order. `nth` counts within a test and outcome,
-- so that whoever shows some of them shows some of each.
SELECT
    *,
    row_number() OVER (
        PARTITION BY test, variant, outcome ORDER BY occurred_at DESC NULLS LAST, item_key
    ) AS nth
FROM control_items
