-- R14: events behind the metrics that were voided. They count no more.
WITH facts AS (
    SELECT position, occurred_at, 'deployment' AS family FROM all_deployment_facts
    UNION ALL
    SELECT position, occurred_at, 'incident' AS family FROM all_incident_facts
    UNION ALL
    SELECT position, occurred_at, 'commit' AS family FROM all_commit_facts
    UNION ALL
    SELECT position, occurred_at, 'change' AS family FROM all_change_facts
    UNION ALL
    SELECT position, occurred_at, 'build' AS family FROM all_build_facts
    UNION ALL
    SELECT position, occurred_at, 'ref' AS family FROM all_ref_facts
    UNION ALL
    SELECT position, occurred_at, 'alert' AS family FROM all_alert_facts
)

SELECT f.position, f.occurred_at, f.family
FROM facts AS f
WHERE f.position IN (SELECT voided FROM corrections)
