-- What was said of policies, gates, waivers, freezes and emergencies: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "inputs": ["BIGINT"],
            "subjects": [{"kind": "VARCHAR", "digest": "VARCHAR", "commit": "VARCHAR",
                "release": "VARCHAR"}],
            "environments": ["VARCHAR"], "scope": ["VARCHAR"], "controls": ["VARCHAR"],
            "rules": ["VARCHAR"], "fingerprints": ["VARCHAR"], "services": ["VARCHAR"],
            "artifacts": ["VARCHAR"], "gate": "VARCHAR", "waiver": "VARCHAR",
            "freeze": "VARCHAR", "emergency": "VARCHAR", "decision_id": "VARCHAR",
            "policy": "VARCHAR", "digest": "VARCHAR", "version": "VARCHAR",
            "decision": "VARCHAR", "enforcement": "VARCHAR", "if_undecided": "VARCHAR",
            "tool": "VARCHAR", "target": "VARCHAR", "resource": "VARCHAR", "findings": "VARCHAR",
            "extent": "VARCHAR",
            "requester": "VARCHAR", "approver": "VARCHAR", "incident": "VARCHAR",
            "expires": "VARCHAR", "effective_from": "VARCHAR", "until": "VARCHAR",
            "approve_until": "VARCHAR", "url": "VARCHAR", "counts": "JSON", "reasons": "JSON"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.policy.published', 'pipeledger.policy.evaluated',
        'pipeledger.admission.decided',
        'pipeledger.gate.decided', 'pipeledger.waiver.granted', 'pipeledger.waiver.revoked',
        'pipeledger.waiver.expired', 'pipeledger.freeze.declared', 'pipeledger.freeze.lifted',
        'pipeledger.emergency.declared'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    principal,
    source,
    coalesce(
        told.gate, told.waiver, told.freeze,
        told.emergency, told.decision_id
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
    told.policy,
    told.digest AS policy_digest,
    told.version AS policy_version,
    told.decision,
    told.enforcement,
    told.if_undecided,
    told.inputs,
    told.tool,
    coalesce(told.target, told.resource) AS target,
    TRY_CAST(told.counts AS MAP(VARCHAR, BIGINT)) AS counts,
    told.findings,
    told.extent,
    told.subjects,
    told.environments,
    told.scope,
    told.controls,
    told.rules,
    told.fingerprints,
    told.services,
    told.artifacts,
    told.requester,
    told.approver,
    told.incident,
    TRY_CAST(upper(told.expires) AS TIMESTAMPTZ) AS expires,
    TRY_CAST(upper(told.effective_from) AS TIMESTAMPTZ) AS effective_from,
    TRY_CAST(upper(told.until) AS TIMESTAMPTZ) AS until,
    TRY_CAST(upper(told.approve_until) AS TIMESTAMPTZ) AS approve_until,
    -- Whether anybody wrote why; what they wrote is sealed.
    list_contains(string_split(event ->> '$.pipeledgertexts', ' '), 'reasons')
    OR coalesce(json_array_length(told.reasons), 0) > 0 AS has_reasons,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
