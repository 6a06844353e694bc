-- Which tests answer which control, of the controls asked for.
WITH told AS (
    SELECT from_json(
        p.controls -> '$.controls',
        '[{"framework": "VARCHAR", "control": "VARCHAR", "title": "VARCHAR",
        "strength": "VARCHAR", "verification": "VARCHAR",
        "tests": [{"test": "VARCHAR", "variant": "VARCHAR"}]}]'
    ) AS controls
    FROM parameters AS p
),

asked AS (
    SELECT
        unnest(controls) AS one,
        unnest(range(1, len(controls) + 1)) AS place
    FROM told
),

linked AS (
    SELECT one, place, unnest(one.tests) AS link FROM asked
)

SELECT
    one.framework,
    one.control,
    place,
    one.title,
    one.strength,
    one.verification,
    link.test,
    link.variant
FROM linked
