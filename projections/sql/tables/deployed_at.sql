-- What the reports of deployments say that stands on each line at the instant `at`: the last
-- success of the line's own source, and what failed since and harmed the target.
WITH past AS (
    SELECT
        d.line,
        arg_max(d.deployment_key, (d.finished_at, d.last_position)) FILTER (WHERE d.succeeded)
            AS standing_key,
        max(d.finished_at) FILTER (WHERE d.succeeded) AS since,
        arg_max(d.deployment_key, (d.finished_at, d.last_position)) FILTER (WHERE NOT d.succeeded)
            AS failed_key,
        max(d.finished_at) FILTER (WHERE NOT d.succeeded) AS failed_at
    FROM deployments AS d
    CROSS JOIN parameters AS p
    WHERE d.counts_in_line AND d.finished_at <= p.at AND (d.succeeded OR d.harmed_at IS NOT NULL)
    GROUP BY d.line
),

standing AS (
    SELECT
        *,
        -- Nobody knows what a failure with impact left there.
        CASE WHEN since IS NULL OR failed_at > since THEN failed_key END AS harmed_by
    FROM past
)

SELECT
    s.line,
    d.service,
    d.environment,
    d.team,
    s.standing_key AS deployment_key,
    CASE WHEN d.succeeded THEN d.deployment END AS deployment,
    CASE WHEN d.succeeded THEN d.kind END AS kind,
    CASE WHEN d.succeeded THEN d.artifacts END AS artifacts,
    CASE WHEN d.succeeded THEN d.config END AS config,
    CASE WHEN d.succeeded THEN d.commit END AS commit,
    CASE WHEN d.succeeded THEN d.release END AS release,
    s.since,
    s.harmed_by,
    d.assurance,
    CASE WHEN d.succeeded THEN d.positions ELSE [] END AS positions
FROM standing AS s
-- By its instant as well, since deployments lie in the order of these: what is older is not read.
INNER JOIN deployments AS d
    ON d.finished_at = coalesce(s.since, s.failed_at)
    AND d.deployment_key = coalesce(s.standing_key, s.harmed_by)
