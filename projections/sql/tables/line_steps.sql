-- The deployments of each line that changed their target, in the order in which they finished,
-- beside what stood there before (R3: L is the one before).
WITH numbered AS (
    SELECT
        deployment_key,
        line,
        finished_at,
        succeeded,
        stated_kind,
        len(remediates) > 0 AS remedies,
        content,
        is_exact,
        config,
        harmed_at IS NOT NULL AS was_harmed,
        row_number() OVER w AS step,
        lag(content) OVER w AS before_content,
        lag(config) OVER w AS before_config,
        lag(succeeded) OVER w AS before_succeeded,
        count(*) FILTER (WHERE succeeded) OVER (
            PARTITION BY line, content
            ORDER BY finished_at, last_position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) > 0 AS succeeded_before
    FROM deployment_lines
    WHERE counts_in_line AND changed_target
    WINDOW w AS (PARTITION BY line ORDER BY finished_at, last_position)
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
FROM numbered
