-- Deployments with the tier of their environment, the team of their service, and whether their
-- source is that of their line (R1, R2a).
WITH named AS (
    SELECT d.deployment_key, l.source AS named_source
    FROM deployment_totals AS d
    ASOF JOIN line_sources AS l ON d.line = l.line AND d.finished_at >= l.effective_from
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
        d.*,
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
        arg_min(source, first_position) FILTER (WHERE imported) AS first_imported,
        arg_min(source, first_position) FILTER (WHERE imported AND source = named_source)
            AS named_imported,
        min(finished_at) FILTER (WHERE NOT imported AND source = live_source) AS live_from
    FROM sourced
    GROUP BY line
)

SELECT
    s.* EXCLUDE (named_source, live_source),
    e.tier,
    e.basis AS tier_basis,
    e.position AS tier_position,
    v.team,
    CASE
        WHEN s.imported THEN s.source = coalesce(i.named_imported, i.first_imported)
            AND (i.live_from IS NULL OR s.finished_at < i.live_from)
        ELSE s.source = s.live_source
    END AS counts_in_line,
    CASE
        WHEN i.live_from IS NULL OR (
            s.finished_at < i.live_from
            AND coalesce(i.named_imported, i.first_imported) IS NOT NULL
        ) THEN coalesce(i.named_imported, i.first_imported, s.live_source)
        ELSE s.live_source
    END AS line_source
FROM sourced AS s
INNER JOIN imports AS i USING (line)
ASOF LEFT JOIN environments AS e
    ON s.environment = e.environment AND s.finished_at >= e.effective_from
ASOF LEFT JOIN service_registrations AS v
    ON s.service = v.service AND s.finished_at >= v.effective_from
