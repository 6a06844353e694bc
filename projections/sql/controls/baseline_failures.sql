-- What failed in the scans of each baseline that no later one took back: one row a thing that was
-- scanned, with the waivers that hold now of those that name a rule or finding of it. `is_open`
-- where one of them is not waived.
WITH open AS (
    SELECT scope, service, environment, unnest(failed) AS one
    FROM baseline_scans
    WHERE stands
),

names AS (
    SELECT *, 'rule' AS kind, one.rule AS name FROM open
    UNION ALL
    SELECT *, 'fingerprint', one.fingerprint FROM open
),

waived AS (
    SELECT n.scope, n.one, flatten(list(w.positions)) AS positions
    FROM names AS n
    INNER JOIN finding_waivers AS w USING (kind, name)
    CROSS JOIN control_now AS c
    WHERE w.holds_from <= c.now AND w.holds_until > c.now
        AND (len(w.controls) = 0 OR list_contains(w.controls, 'CFG-01'))
        AND (len(w.services) = 0 OR list_contains(w.services, n.service))
        AND (len(w.environments) = 0 OR list_contains(w.environments, n.environment))
        AND len(w.artifacts) = 0
    GROUP BY n.scope, n.one
)

SELECT
    o.scope,
    bool_or(w.positions IS NULL) AS is_open,
    flatten(list(w.positions) FILTER (WHERE w.positions IS NOT NULL)) AS waiver_positions
FROM open AS o
LEFT JOIN waived AS w ON o.scope = w.scope AND o.one = w.one
GROUP BY o.scope
