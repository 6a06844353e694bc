-- What each scan found: one row a finding, from its findings document; where that is not there or
-- was redacted, one row a word of its counts, which tell no rule. `basis` is `none` where neither
-- says anything, so that nobody knows what it found.
WITH read AS (
    SELECT position
    FROM finding_facts
    GROUP BY position
    HAVING NOT bool_or(redacted)
),

counted AS (
    SELECT
        s.position,
        unnest(map_entries(s.counts)) AS entry
    FROM scan_facts AS s
    ANTI JOIN read AS r ON s.position = r.position
)

SELECT
    f.position,
    'document' AS basis,
    coalesce(f.severity, 'unknown') AS severity,
    f.rule,
    f.fingerprint,
    f.status,
    f.suppressed,
    CAST(1 AS BIGINT) AS found
FROM finding_facts AS f
INNER JOIN read USING (position)
UNION ALL BY NAME
SELECT
    c.position,
    'counts' AS basis,
    coalesce(w.severity, 'unknown') AS severity,
    lower(c.entry.key) AS status,
    FALSE AS suppressed,
    c.entry.value AS found
FROM counted AS c
LEFT JOIN severity_words AS w ON lower(trim(c.entry.key)) = w.word
UNION ALL BY NAME
SELECT
    s.position,
    'none' AS basis,
    'unknown' AS severity,
    FALSE AS suppressed,
    CAST(0 AS BIGINT) AS found
FROM scan_facts AS s
ANTI JOIN read AS r ON s.position = r.position
WHERE coalesce(cardinality(s.counts), 0) = 0 AND s.findings_count IS DISTINCT FROM 0
