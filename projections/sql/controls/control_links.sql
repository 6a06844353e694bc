-- Which tests answer which control, of the controls asked for.
SELECT
    asked.framework,
    asked.control,
    asked.test,
    asked.variant,
    asked.strength
FROM (
    SELECT unnest(from_json(
        p.controls -> '$.controls',
        '[{"framework": "VARCHAR", "control": "VARCHAR", "test": "VARCHAR", "variant": "VARCHAR",
        "strength": "VARCHAR"}]'
    )) AS asked
    FROM parameters AS p
)
