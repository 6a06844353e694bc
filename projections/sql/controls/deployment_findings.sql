-- Findings of the newest scans of what production deployments brought, with the waivers that held
-- when it began: one row a deployment, digest and finding. Only what may stop a deployment is here:
-- severities that some set of parameters names, and what nobody says the severity of.
WITH severe AS (
    SELECT DISTINCT unnest(
        from_json(parameters -> '$.blocking_severities', '["VARCHAR"]')
    ) AS severity
    FROM control_variants
    WHERE test = 'VUL-01'
    UNION
    SELECT 'unknown'
),

open AS (
    SELECT
        row_number() OVER () AS row,
        s.deployment_key,
        s.slot,
        s.kind,
        s.position,
        c.basis,
        c.severity,
        c.rule,
        c.fingerprint,
        c.suppressed
    FROM deployment_scans AS s
    INNER JOIN scan_contents AS c USING (position)
    INNER JOIN severe USING (severity)
    WHERE s.newest AND (c.found > 0 OR (c.basis = 'none' AND s.ran))
),

names AS (
    SELECT row, 'rule' AS kind, rule AS name FROM open WHERE rule IS NOT NULL
    UNION ALL
    SELECT row, 'fingerprint', fingerprint FROM open WHERE fingerprint IS NOT NULL
),

waived AS (
    SELECT n.row, list_distinct(flatten(list(w.positions))) AS positions
    FROM names AS n
    INNER JOIN finding_waivers AS w USING (kind, name)
    INNER JOIN open AS o USING (row)
    INNER JOIN production_deployments AS d USING (deployment_key)
    WHERE d.began_at >= w.holds_from AND d.began_at < w.holds_until
        AND (len(w.controls) = 0 OR list_contains(w.controls, 'VUL-01'))
        AND (len(w.services) = 0 OR list_contains(w.services, d.service))
        AND (len(w.environments) = 0 OR list_contains(w.environments, d.environment))
        AND (
            len(w.artifacts) = 0
            OR list_has_all(w.artifacts, CASE
                WHEN o.slot IS NULL THEN d.artifacts
                ELSE [o.slot]
            END) AND len(d.artifacts) > 0
        )
    GROUP BY n.row
)

SELECT o.* EXCLUDE (row), w.positions AS waiver_positions
FROM open AS o
LEFT JOIN waived AS w USING (row)
