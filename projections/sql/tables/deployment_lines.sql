-- Deployments with the tier of their environment, the team of their service, and whether their
-- source is that of their line (R1, R2a).
WITH named AS (
    SELECT d.deployment_key, l.source AS named_source
    FROM deployment_totals AS d
    INNER JOIN line_sources AS l
        ON d.line = l.line
        AND d.finished_at >= l.effective_from AND d.finished_at < l.effective_until
),

-- By default it is the source that was seen first there, by position, and does not tell history.
first_told AS (
    SELECT line, arg_min(source, first_position) AS first_source
    FROM deployment_totals
    WHERE NOT imported
    GROUP BY line
),

sourced AS (
    SELECT
        d.deployment_key,
        d.line,
        d.source,
        d.imported,
        d.first_position,
        d.finished_at,
        n.named_source,
        coalesce(n.named_source, f.first_source) AS live_source
    FROM deployment_totals AS d
    LEFT JOIN named AS n USING (deployment_key)
    LEFT JOIN first_told AS f USING (line)
),

-- What was imported, by one source, is the line until the first live deployment that counts.
imports AS (
    SELECT
        line,
        coalesce(
            arg_min(source, first_position) FILTER (WHERE imported AND source = named_source),
            arg_min(source, first_position) FILTER (WHERE imported)
        ) AS imported_source,
        coalesce(
            min(finished_at) FILTER (WHERE NOT imported AND source = live_source),
            TIMESTAMPTZ '9999-12-31 00:00:00+00'
        ) AS live_from
    FROM sourced
    GROUP BY line
),

counting AS (
    SELECT
        s.deployment_key,
        CASE
            WHEN s.imported THEN s.source = i.imported_source AND s.finished_at < i.live_from
            ELSE s.source = s.live_source
        END AS counts_in_line,
        coalesce(
            CASE WHEN s.finished_at < i.live_from THEN i.imported_source END, s.live_source
        ) AS line_source
    FROM sourced AS s
    INNER JOIN imports AS i USING (line)
)

SELECT
    d.*,
    e.tier,
    e.basis AS tier_basis,
    v.team,
    c.counts_in_line,
    c.line_source
FROM deployment_totals AS d
INNER JOIN counting AS c USING (deployment_key)
LEFT JOIN environments AS e
    ON d.environment = e.environment
    AND d.finished_at >= e.effective_from AND d.finished_at < e.effective_until
LEFT JOIN service_registrations AS v
    ON d.service = v.service
    AND d.finished_at >= v.effective_from AND d.finished_at < v.effective_until
