-- R3: what a rollback goes back to: the deployment that it names, else the latest earlier success
-- with its content. One that is tried again goes back to the same.
-- R8 F3: where it does not say so itself, it blames the first counted deployment after that.
WITH rollbacks AS (
    SELECT u.deployment_key, u.line, u.step, u.first_step, u.content, l.named_key
    FROM line_units AS u
    LEFT JOIN deployment_links AS l
        ON u.first_key = l.deployment_key AND l.link = 'restores'
    WHERE u.is_rollback
),

-- Steps and contents are numbered through all lines: one content is one line's.
successes AS (
    SELECT content, step, deployment_key
    FROM line_steps
    WHERE succeeded
),

targets AS (
    SELECT r.deployment_key, r.step, s.step AS target_step, s.deployment_key AS target_key
    FROM rollbacks AS r
    INNER JOIN line_steps AS s ON r.named_key = s.deployment_key
    WHERE r.line = s.line AND s.step < r.step
    UNION ALL
    SELECT r.deployment_key, r.step, s.step, s.deployment_key
    FROM (SELECT * FROM rollbacks WHERE named_key IS NULL) AS r
    ASOF JOIN successes AS s ON r.content = s.content AND r.first_step > s.step
),

counted AS (
    SELECT step, deployment_key
    FROM line_steps
    WHERE NOT is_redeploy OR was_harmed
)

SELECT
    t.deployment_key,
    t.target_key,
    -- A rollback to what stood there just before blames nobody: it is itself the first after that.
    CASE WHEN b.step < t.step THEN b.deployment_key END AS blamed_key
FROM targets AS t
ASOF JOIN counted AS b ON t.target_step < b.step
