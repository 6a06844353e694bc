-- What the reports of deployments say that stands on each line at the instant `at`: the last
-- success of the line's own source, and what failed since and harmed the target.
WITH past AS (
    SELECT d.*
    FROM deployments AS d
    CROSS JOIN parameters AS p
    WHERE d.counts_in_line AND d.finished_at <= p.at AND (d.succeeded OR d.harmed_at IS NOT NULL)
),

standing AS (
    SELECT *
    FROM past
    WHERE succeeded
    QUALIFY row_number() OVER (
        PARTITION BY line ORDER BY finished_at DESC, last_position DESC
    ) = 1
),

-- Nobody knows what a failure with impact left there.
harmed AS (
    SELECT
        p.line,
        arg_max(p.deployment_key, (p.finished_at, p.last_position)) AS deployment_key
    FROM past AS p
    LEFT JOIN standing AS s USING (line)
    WHERE NOT p.succeeded AND (s.line IS NULL OR p.finished_at > s.finished_at)
    GROUP BY p.line
)

SELECT
    coalesce(s.line, h.line) AS line,
    f.service,
    f.environment,
    f.tier,
    f.team,
    s.deployment_key,
    s.deployment,
    s.kind,
    s.artifacts,
    s.config,
    s.commit,
    s.release,
    s.finished_at AS since,
    h.deployment_key AS harmed_by,
    coalesce(s.assurance, f.assurance) AS assurance,
    coalesce(s.positions, []) AS positions
FROM standing AS s
FULL JOIN harmed AS h USING (line)
INNER JOIN past AS f ON f.deployment_key = coalesce(s.deployment_key, h.deployment_key)
