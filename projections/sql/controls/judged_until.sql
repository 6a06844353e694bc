-- Up to when anything can be judged: the end of the window, or what the ledger took in last if that
-- is earlier. What is due later is not missing yet. Never the clock: a test says the same each time.
SELECT least(
    p.window_to,
    (
        SELECT max(recorded_at)
        FROM (
            SELECT max(recorded_at) AS recorded_at FROM all_deployment_facts
            UNION ALL SELECT max(recorded_at) FROM all_build_facts
            UNION ALL SELECT max(recorded_at) FROM all_change_facts
            UNION ALL SELECT max(recorded_at) FROM all_commit_facts
            UNION ALL SELECT max(recorded_at) FROM all_approval_facts
            UNION ALL SELECT max(recorded_at) FROM all_policy_facts
            UNION ALL SELECT max(recorded_at) FROM all_incident_facts
            UNION ALL SELECT max(recorded_at) FROM all_snapshot_facts
            UNION ALL SELECT max(recorded_at) FROM all_scan_facts
            UNION ALL SELECT max(recorded_at) FROM all_test_facts
            UNION ALL SELECT max(recorded_at) FROM all_alert_facts
        )
    )
) AS ended_at
FROM parameters AS p
