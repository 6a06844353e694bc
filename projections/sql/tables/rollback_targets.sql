-- R3: what a rollback goes back to is the latest earlier success with that content.
-- R8 F3: what it blames, where it does not say so itself, is the first deployment after that.
WITH successes AS (
    SELECT line, content, step, deployment_key
    FROM line_steps
    WHERE succeeded AND content IS NOT NULL
),

targets AS (
    SELECT
        u.deployment_key,
        u.line,
        s.step AS target_step,
        s.deployment_key AS target_key
    FROM (SELECT * FROM line_units WHERE kind = 'rollback' AND content IS NOT NULL) AS u
    ASOF JOIN successes AS s
        ON u.line = s.line AND u.content = s.content AND u.first_step > s.step
)

SELECT
    t.deployment_key,
    t.target_key,
    -- A rollback to what stood there just before blames nobody.
    nullif(b.deployment_key, t.deployment_key) AS blamed_key
FROM targets AS t
ASOF LEFT JOIN line_units AS b ON t.line = b.line AND t.target_step < b.step
