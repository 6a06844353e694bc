-- What the reports of deployments say that stands on each line at the instant `at`: the last
-- success of the line's own source, and what failed since and harmed the target, be it a later
-- attempt of that success.
WITH own AS (
    SELECT
        d.line, d.deployment_key, d.finished_at, d.last_position, d.succeeded,
        CASE WHEN d.last_harmed_at <= p.at THEN d.last_harmed_at ELSE d.harmed_at END AS harmed_at,
        p.at AS asked_at
    FROM deployments AS d
    CROSS JOIN parameters AS p
    WHERE d.counts_in_line AND (d.succeeded OR d.harmed_at IS NOT NULL)
),

successes AS (
    SELECT
        line,
        arg_max(deployment_key, (finished_at, last_position)) AS standing_key,
        max(finished_at) AS since
    FROM own
    WHERE succeeded AND finished_at <= asked_at
    GROUP BY line
),

harms AS (
    SELECT
        line,
        arg_max(deployment_key, (harmed_at, last_position)) AS harming_key,
        arg_max(finished_at, (harmed_at, last_position)) AS finished_at,
        max(own.harmed_at) AS harmed_at
    FROM own
    WHERE own.harmed_at <= asked_at
    GROUP BY line
),

standing AS (
    SELECT
        line,
        s.standing_key,
        s.since,
        -- Nobody knows what a failure with impact left there.
        CASE WHEN s.since IS NULL OR h.harmed_at > s.since THEN h.harming_key END AS harmed_by,
        coalesce(s.since, h.finished_at) AS finished_at
    FROM successes AS s
    FULL JOIN harms AS h USING (line)
)

SELECT
    s.line,
    d.service,
    d.environment,
    d.team,
    s.standing_key AS deployment_key,
    CASE WHEN s.since IS NOT NULL THEN d.deployment END AS deployment,
    CASE WHEN s.since IS NOT NULL THEN d.kind END AS kind,
    CASE WHEN s.since IS NOT NULL THEN d.artifacts END AS artifacts,
    CASE WHEN s.since IS NOT NULL THEN d.config END AS config,
    CASE WHEN s.since IS NOT NULL THEN d.commit END AS commit,
    CASE WHEN s.since IS NOT NULL THEN d.release END AS release,
    s.since,
    s.harmed_by,
    d.assurance,
    CASE WHEN s.since IS NOT NULL THEN d.positions ELSE [] END AS positions
FROM standing AS s
-- By its instant as well, since deployments lie in the order of these: what is older is not read.
INNER JOIN deployments AS d
    ON d.finished_at = s.finished_at
    AND d.deployment_key = coalesce(s.standing_key, s.harmed_by)
