-- R3, rollbacks. A deployment that is tried again after it failed is one unit with its first try:
-- "if the one before is a failed rollback with the same set, this is a rollback as well".
WITH marked AS (
    SELECT
        *,
        NOT coalesce(content = lag(content) OVER w AND NOT lag(succeeded) OVER w, FALSE)
            AS begins_try
    FROM line_steps
    WHERE NOT is_redeploy
    WINDOW w AS (PARTITION BY line ORDER BY step)
),

grouped AS (
    SELECT
        *,
        count_if(begins_try) OVER w AS try,
        -- What is stated stands for itself.
        count_if(begins_try OR stated_kind IS NOT NULL OR remedies) OVER w AS unit
    FROM marked
    WINDOW w AS (PARTITION BY line ORDER BY step ROWS UNBOUNDED PRECEDING)
),

replacing AS (
    SELECT *, first_value(before_content) OVER (PARTITION BY line, try ORDER BY step) AS replaced
    FROM grouped
),

units AS (
    SELECT
        line,
        unit,
        any_value(replaced) AS replaced,
        any_value(content) AS content,
        first(step ORDER BY step) AS first_step,
        first(deployment_key ORDER BY step) AS first_key,
        any_value(stated_kind) AS stated,
        -- Something that ran here before comes back.
        first(
            coalesce(
                stated_kind IS NULL AND NOT remedies AND succeeded_before
                AND content <> before_content,
                FALSE
            ) ORDER BY step
        ) AS comes_back
    FROM replacing
    GROUP BY line, unit
),

-- Returning to what the line has just been rolled back from is planned. Whether the unit before is
-- a rollback may hang on the one before that; within a run of units that each come back to what the
-- one before replaced, rollback and return take turns, so counting from the run's start settles it.
runs AS (
    SELECT
        *,
        comes_back AND content = lag(replaced) OVER (PARTITION BY line ORDER BY unit) AS returns
    FROM units
),

counted AS (
    SELECT
        *,
        count_if(returns IS DISTINCT FROM TRUE) OVER (
            PARTITION BY line ORDER BY unit ROWS UNBOUNDED PRECEDING
        ) AS run
    FROM runs
),

settled AS (
    SELECT
        line,
        unit,
        first_step,
        first_key,
        stated,
        (coalesce(
            first_value(stated) OVER r = 'rollback', first_value(comes_back) OVER r
        ) <> (row_number() OVER r % 2 = 0)) AS is_rollback
    FROM counted
    WINDOW r AS (PARTITION BY line, run ORDER BY unit)
)

SELECT
    g.deployment_key,
    g.line,
    g.step,
    g.content,
    s.first_step,
    s.first_key,
    s.is_rollback AND (
        coalesce(g.stated_kind = 'rollback', FALSE) OR (SELECT infer_rollback FROM chosen_rules)
    ) AS is_rollback
FROM grouped AS g
INNER JOIN settled AS s USING (line, unit)
