-- The deployments of each line that changed their target, in the order in which they finished,
-- beside what stood there before (R3: L is the one before). Lines and contents are numbers from
-- here on: one is equal to another where the texts are.
WITH numbered AS (
    SELECT
        deployment_key,
        dense_rank() OVER (ORDER BY line) AS line,
        row_number() OVER (ORDER BY line, finished_at, last_position) AS step,
        succeeded,
        harmed_at IS NOT NULL AS was_harmed,
        stated_kind,
        len(remediates) > 0 AS remedies,
        content,
        is_exact,
        config
    FROM deployment_lines
    WHERE counts_in_line AND changed_target
),

contents AS (
    SELECT
        line,
        content,
        min(step) AS content_number,
        min(step) FILTER (WHERE succeeded) AS succeeded_first
    FROM numbered
    GROUP BY line, content
),

placed AS (
    SELECT
        n.* EXCLUDE (content),
        c.content_number AS content,
        c.succeeded_first < n.step AS succeeded_before
    FROM numbered AS n
    LEFT JOIN contents AS c ON n.line = c.line AND n.content = c.content
),

beside AS (
    SELECT
        *,
        lag(content) OVER w AS before_content,
        lag(config) OVER w AS before_config,
        lag(succeeded) OVER w AS before_succeeded
    FROM placed
    WINDOW w AS (PARTITION BY line ORDER BY step)
)

SELECT
    *,
    -- R3: equal artifacts and configuration, after a success, is the same again. Where nobody says
    -- what was deployed, or only a version's name, nothing is inferred.
    CASE
        WHEN stated_kind IS NOT NULL THEN stated_kind = 'redeploy'
        WHEN remedies THEN FALSE
        ELSE coalesce(
            content = before_content AND is_exact AND config IS NOT DISTINCT FROM before_config
            AND before_succeeded,
            FALSE
        )
    END AS is_redeploy
FROM beside
