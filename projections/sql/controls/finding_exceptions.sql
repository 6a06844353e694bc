-- From when to when findings were waived for VUL-02 without a break: one row a finding and span. A
-- waiver waives the findings whose rule or fingerprint it names; one that names none, but the test,
-- all of its services, environments and artifacts.
WITH fitting AS (
    SELECT kind, name, controls, services, environments, artifacts, holds_from, holds_until, positions
    FROM finding_waivers
    WHERE len(controls) = 0 OR list_contains(controls, 'VUL-02')
    UNION ALL BY NAME
    SELECT 'all' AS kind, 'all' AS name, services, environments, artifacts, holds_from, holds_until,
        positions
    FROM waivers
    WHERE list_contains(controls, 'VUL-02') AND len(rules) = 0 AND len(fingerprints) = 0
),

names AS (
    SELECT finding_key, 'rule' AS kind, rule AS name FROM findings
    UNION ALL
    SELECT finding_key, 'fingerprint', fingerprint FROM findings
    UNION ALL
    SELECT finding_key, 'all', 'all' FROM findings
),

waived AS (
    SELECT n.finding_key, w.holds_from, w.holds_until, w.positions
    FROM names AS n
    INNER JOIN fitting AS w USING (kind, name)
    INNER JOIN findings AS f USING (finding_key)
    WHERE (len(w.services) = 0 OR len(f.services) > 0 AND list_has_all(w.services, f.services))
        AND (len(w.environments) = 0 OR list_contains(w.environments, f.environment))
        AND (len(w.artifacts) = 0 OR list_contains(w.artifacts, f.artifact))
),

-- A waiver that begins after all earlier ones have ended begins another span.
numbered AS (
    SELECT *, sum(CASE WHEN holds_from <= before THEN 0 ELSE 1 END) OVER (
        PARTITION BY finding_key ORDER BY holds_from, holds_until ROWS UNBOUNDED PRECEDING
    ) AS span
    FROM (
        SELECT *, max(holds_until) OVER (
            PARTITION BY finding_key ORDER BY holds_from, holds_until
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
        FROM waived
    )
)

SELECT
    finding_key,
    min(holds_from) AS waived_from,
    max(holds_until) AS waived_until,
    list_distinct(flatten(list(positions))) AS positions
FROM numbered
GROUP BY finding_key, span
