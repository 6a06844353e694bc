-- Events behind the metrics whose bytes were taken away: nothing of them counts, whenever one asks.
SELECT position, 'deployment' AS family FROM deployment_facts WHERE redacted
UNION ALL
SELECT position, 'incident' AS family FROM incident_facts WHERE redacted
UNION ALL
SELECT position, 'commit' AS family FROM commit_facts WHERE redacted
UNION ALL
SELECT position, 'change' AS family FROM change_facts WHERE redacted
UNION ALL
SELECT position, 'build' AS family FROM build_facts WHERE redacted
UNION ALL
SELECT position, 'ref' AS family FROM ref_facts WHERE redacted
UNION ALL
SELECT position, 'alert' AS family FROM alert_facts WHERE redacted
