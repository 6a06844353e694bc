-- Each report that a deployment, or a component of it, ended, with its impact as it counts.
-- R2: cancelled or skipped before the target was changed is no deployment.
WITH reached AS (
    -- R15: any event of the attempt may tell that it reached a target.
    SELECT deployment_key, attempt, bool_or(reached) AS reached
    FROM deployment_facts
    WHERE reached IS NOT NULL
    GROUP BY deployment_key, attempt
),

reports AS (
    SELECT
        f.deployment_key,
        f.position,
        f.occurred_at,
        f.attempt,
        f.component,
        f.repository,
        f.artifacts,
        f.config,
        f.commit,
        f.commits,
        f.outcome,
        f.outcome = 'success' AS succeeded,
        CASE
            WHEN f.outcome = 'success' THEN NULL
            -- R14: a later assessment restates the impact of what failed.
            WHEN a.impact IS NOT NULL THEN
                CASE WHEN a.impact IN ('true', 'false') THEN a.impact = 'true' END
            WHEN f.impact IN ('true', 'false') THEN f.impact = 'true'
            -- R15: aborted after it was exposed has changed the target, aborted before has not.
            WHEN e.reached IS NOT NULL THEN e.reached
        END AS had_impact
    FROM deployment_facts AS f
    LEFT JOIN reached AS e USING (deployment_key, attempt)
    LEFT JOIN assessments AS a USING (deployment_key)
    WHERE f.what = 'finished' AND f.deployment_key IS NOT NULL
        AND f.occurred_at IS NOT NULL AND f.outcome IS NOT NULL
),

kept AS (
    SELECT * FROM reports
    WHERE outcome NOT IN ('cancelled', 'skipped') OR had_impact
),

-- R2: components are told apart by their names; else by repository and artifacts, where one attempt
-- has several of these. Another attempt with another build is still the same component.
several AS (
    SELECT
        deployment_key,
        attempt,
        repository,
        CASE WHEN len(artifacts) > 0 THEN array_to_string(artifacts, ' ') END AS content
    FROM kept
    WHERE component IS NULL AND deployment_key IN (
        SELECT deployment_key FROM kept GROUP BY deployment_key HAVING count(*) > 1
    )
),

apart AS (
    SELECT
        deployment_key,
        max(repositories) > 1 AS by_repository,
        max(contents) > 1 AS by_content
    FROM (
        SELECT
            deployment_key,
            attempt,
            count(DISTINCT repository) AS repositories,
            count(DISTINCT content) AS contents
        FROM several
        GROUP BY deployment_key, attempt
    )
    GROUP BY deployment_key
)

SELECT
    k.* EXCLUDE (component, outcome),
    CASE
        WHEN k.component IS NOT NULL THEN 'named ' || k.component
        WHEN p.by_repository OR p.by_content THEN concat_ws(
            ' ',
            CASE WHEN p.by_repository THEN coalesce(k.repository, '-') END,
            CASE WHEN p.by_content THEN array_to_string(k.artifacts, ' ') END
        )
        ELSE ''
    END AS component_key
FROM kept AS k
LEFT JOIN apart AS p USING (deployment_key)
