-- What is asked: one row a test and set of its parameters. Whoever asks sends them along, and the
-- answer repeats them, so it can be made again.
SELECT
    asked.test,
    asked.variant,
    asked.empty AS when_empty,
    asked.built AS is_built,
    asked.parameters
FROM (
    SELECT unnest(from_json(
        p.controls -> '$.tests',
        '[{"test": "VARCHAR", "variant": "VARCHAR", "empty": "VARCHAR", "built": "BOOLEAN",
        "parameters": "JSON"}]'
    )) AS asked
    FROM parameters AS p
)
