-- What shows, at any time, that a service is covered by something: one row an event, capability and
-- service.
-- `counts` says whether it does: a tool that failed, or a backup that did, covers nothing; tests
-- that fail were run all the same. `basis` says how the service is known. What is dated later than
-- it was recorded is taken for what it is: told when it was recorded.
WITH named_incidents AS (
    -- What names a service in one report of an incident need not do so in the next.
    SELECT *, bool_or(len(named) > 0) OVER (PARTITION BY source, incident) AS is_named
    FROM (
        SELECT *, list_distinct(coalesce(services, []) || [service]) AS named
        FROM incident_facts
    )
),

told AS (
    SELECT
        position, recorded_at, occurred_at, outcome, tool, service,
        coalesce(kind, 'tests of no stated kind') AS capability,
        outcome IN ('success', 'failure') AS counts
    FROM test_facts
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, tool, service,
        coalesce(kind, 'scans of no stated kind'), outcome = 'success'
    FROM scan_facts
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, tool, service,
        CASE what WHEN 'coverage.measured' THEN 'coverage' ELSE 'quality gate' END, TRUE
    FROM quality_facts
    UNION ALL
    SELECT position, recorded_at, occurred_at, outcome, tool, service, 'build', outcome = 'success'
    FROM build_facts
    WHERE what = 'build.finished'
    UNION ALL
    SELECT position, recorded_at, occurred_at, outcome, tool, service, 'sbom', TRUE
    FROM build_facts
    WHERE (what = 'artifact.described' AND kind = 'sbom') OR sbom IS NOT NULL
    UNION ALL
    SELECT position, recorded_at, occurred_at, outcome, tool, service, 'provenance', TRUE
    FROM build_facts
    WHERE (what = 'artifact.described' AND kind = 'provenance') OR provenance IS NOT NULL
    UNION ALL
    SELECT position, recorded_at, occurred_at, outcome, tool, service, 'signature', TRUE
    FROM build_facts
    WHERE what = 'artifact.signed' OR signed
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, verifier, service, 'verified attestation',
        outcome = 'success'
    FROM build_facts
    WHERE what = 'attestation.verified'
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, verdict, NULL, service, 'review',
        verdict = 'approved'
    FROM change_facts
    WHERE what = 'reviewed'
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, NULL, service, 'deployment',
        outcome = 'success'
    FROM deployment_facts
    WHERE what = 'finished'
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, coalesce(verdict, what), system, service, 'approval',
        what IN ('granted', 'rejected') OR verdict IN ('approved', 'rejected')
    FROM approval_facts
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, decision, tool, service,
        CASE what WHEN 'gate.decided' THEN 'gate' ELSE 'policy' END, decision <> 'undecided'
    FROM policy_facts
    WHERE what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, tool, service, 'infrastructure as code',
        outcome IS NULL OR outcome = 'success'
    FROM infrastructure_facts
    WHERE what <> 'config.changed'
    UNION ALL
    SELECT DISTINCT
        position, recorded_at, occurred_at, NULL, system, unnest(running).service,
        'runtime snapshot', TRUE
    FROM snapshot_facts
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, NULL, tool, service,
        CASE what WHEN 'threat.detected' THEN 'threat detection' ELSE 'monitoring' END, TRUE
    FROM alert_facts
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, what, NULL,
        unnest(CASE WHEN is_named THEN named ELSE [NULL] END), 'incident', TRUE
    FROM named_incidents
    UNION ALL
    SELECT
        position, recorded_at, occurred_at, outcome, tool, service,
        CASE what
            WHEN 'backup.finished' THEN 'backup'
            WHEN 'restore.tested' THEN 'restore'
            WHEN 'drill.finished' THEN 'recovery drill'
            WHEN 'failover.finished' THEN 'failover'
            ELSE 'replication'
        END,
        coalesce(outcome = 'success', what = 'replication.measured')
    FROM recovery_facts
    WHERE what <> 'failover.started'
),

there AS (
    SELECT environment, service, min(least(occurred_at, recorded_at)) AS since
    FROM deployment_facts
    WHERE service IS NOT NULL AND environment IS NOT NULL
    GROUP BY environment, service
),

-- What was done for a whole environment was done for every service that was in it by then.
whole AS (
    SELECT r.position, list_sort(list(t.service)) AS services
    FROM recovery_facts AS r
    INNER JOIN there AS t
        ON r.environment = t.environment AND t.since <= least(r.occurred_at, r.recorded_at)
    WHERE r.service IS NULL
    GROUP BY r.position
)

SELECT
    t.position,
    t.capability,
    t.recorded_at,
    least(t.occurred_at, t.recorded_at) AS seen_at,
    t.outcome,
    t.tool,
    coalesce(t.counts, FALSE) AS counts,
    unnest(coalesce(
        CASE WHEN t.service IS NOT NULL THEN [t.service] END, e.services, w.services, [NULL]
    )) AS service,
    CASE
        WHEN t.service IS NOT NULL THEN 'said'
        WHEN e.services IS NOT NULL THEN e.basis
        WHEN w.services IS NOT NULL THEN 'environment'
    END AS basis
FROM told AS t
LEFT JOIN event_services AS e USING (position)
LEFT JOIN whole AS w USING (position)
