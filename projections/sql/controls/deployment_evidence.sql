-- Tests, scans, checked attestations and decisions of policies that are about what a production
-- deployment brought, and whether each came before it: one row a deployment, digest and event.
-- What names a digest is about that digest alone; only what names none is about its commit, and
-- only what names neither is about the run.
-- `timing` is `before` only where order is proved: by the event's own time, which its source gave,
-- and by the ledger, which had it before the deployment began or not much later than it happened.
WITH told AS (
    SELECT 'tests' AS what, kind, outcome, tool, position, occurred_at, recorded_at,
        time_basis, assurance, artifact, commit, run, environment, source, repository
    FROM test_facts
    UNION ALL
    SELECT 'scan', kind, outcome, tool, position, occurred_at, recorded_at, time_basis, assurance,
        artifact, commit, run, environment, source, repository
    FROM scan_facts
    UNION ALL
    SELECT what, coalesce(predicate_type, kind), outcome, coalesce(verifier, builder, tool),
        position, occurred_at, recorded_at, time_basis, assurance, unnest(artifacts), commit, run,
        NULL, source, repository
    FROM build_facts
    UNION ALL
    SELECT what, policy, decision, tool, position, occurred_at, recorded_at, time_basis, assurance,
        artifact, commit, run, environment, source, repository
    FROM policy_facts
    WHERE decision IS NOT NULL
    UNION ALL
    -- Of what was redacted only its tags are left: it is evidence of something, and proves nothing.
    SELECT
        CASE what WHEN 'tests.finished' THEN 'tests' WHEN 'scan.finished' THEN 'scan' ELSE what END,
        NULL, NULL, NULL, position, NULL, recorded_at, NULL, assurance,
        unnest(CASE WHEN len(artifacts) > 0 THEN artifacts ELSE [NULL] END), commit, NULL, NULL,
        source, NULL
    FROM redacted_evidence_facts
),

bound AS (
    SELECT
        * EXCLUDE (artifact, commit, run),
        CASE
            WHEN artifact IS NOT NULL THEN 'artifact'
            WHEN commit IS NOT NULL THEN 'commit'
            ELSE 'run'
        END AS bound_by,
        coalesce(artifact, commit, run) AS value
    FROM told
    WHERE coalesce(artifact, commit, run) IS NOT NULL
)

SELECT
    s.deployment_key,
    s.artifact,
    e.what,
    e.kind,
    e.outcome,
    e.tool,
    e.bound_by,
    e.position,
    e.occurred_at,
    e.recorded_at,
    e.assurance,
    e.environment,
    CASE
        WHEN e.occurred_at > d.began_at THEN 'after'
        WHEN e.occurred_at IS NULL
            OR coalesce(e.time_basis, 'source') NOT IN ('source', 'caller') THEN 'undated'
        WHEN e.recorded_at <= d.began_at
            OR e.recorded_at <= e.occurred_at + (SELECT max_ingest_delay FROM control_settings) THEN 'before'
        ELSE 'recorded afterwards'
    END AS timing
FROM bound AS e
INNER JOIN deployment_subjects AS s ON e.bound_by = s.kind AND e.value = s.value
    AND (s.kind <> 'run' OR e.source = s.source OR e.repository = s.repository)
INNER JOIN production_deployments AS d USING (deployment_key)
