-- What was said of policies, gates, waivers, freezes and emergencies: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    source,
    coalesce(
        event ->> '$.data.gate', event ->> '$.data.waiver', event ->> '$.data.freeze',
        event ->> '$.data.emergency', event ->> '$.data.decision_id'
    ) AS id,
    service,
    environment,
    repository,
    commit,
    artifact,
    release,
    run,
    ticket,
    actor,
    event ->> '$.data.policy' AS policy,
    event ->> '$.data.digest' AS policy_digest,
    event ->> '$.data.version' AS policy_version,
    event ->> '$.data.decision' AS decision,
    event ->> '$.data.enforcement' AS enforcement,
    event ->> '$.data.if_undecided' AS if_undecided,
    from_json(event -> '$.data.inputs', '["BIGINT"]') AS inputs,
    event ->> '$.data.tool' AS tool,
    coalesce(event ->> '$.data.target', event ->> '$.data.resource') AS target,
    TRY_CAST(event -> '$.data.counts' AS MAP(VARCHAR, BIGINT)) AS counts,
    event ->> '$.data.findings' AS findings,
    from_json(
        event -> '$.data.subjects',
        '[{"kind": "VARCHAR", "digest": "VARCHAR", "commit": "VARCHAR", "release": "VARCHAR"}]'
    ) AS subjects,
    from_json(event -> '$.data.environments', '["VARCHAR"]') AS environments,
    from_json(event -> '$.data.scope', '["VARCHAR"]') AS scope,
    from_json(event -> '$.data.controls', '["VARCHAR"]') AS controls,
    from_json(event -> '$.data.rules', '["VARCHAR"]') AS rules,
    from_json(event -> '$.data.fingerprints', '["VARCHAR"]') AS fingerprints,
    from_json(event -> '$.data.services', '["VARCHAR"]') AS services,
    from_json(event -> '$.data.artifacts', '["VARCHAR"]') AS artifacts,
    event ->> '$.data.requester' AS requester,
    event ->> '$.data.approver' AS approver,
    event ->> '$.data.incident' AS incident,
    TRY_CAST(upper(event ->> '$.data.expires') AS TIMESTAMPTZ) AS expires,
    TRY_CAST(upper(event ->> '$.data.effective_from') AS TIMESTAMPTZ) AS effective_from,
    TRY_CAST(upper(event ->> '$.data.until') AS TIMESTAMPTZ) AS until,
    TRY_CAST(upper(event ->> '$.data.approve_until') AS TIMESTAMPTZ) AS approve_until,
    -- Whether anybody wrote why; what they wrote is sealed.
    list_contains(string_split(event ->> '$.pipeledgertexts', ' '), 'reasons')
    OR coalesce(json_array_length(event -> '$.data.reasons'), 0) > 0 AS has_reasons,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.policy.published', 'pipeledger.policy.evaluated', 'pipeledger.admission.decided',
    'pipeledger.gate.decided', 'pipeledger.waiver.granted', 'pipeledger.waiver.revoked',
    'pipeledger.waiver.expired', 'pipeledger.freeze.declared', 'pipeledger.freeze.lifted',
    'pipeledger.emergency.declared'
)
