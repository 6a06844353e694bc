-- Evidence whose event was redacted: what it was about still stands in its tags. One row an event.
SELECT
    position,
    recorded_at,
    replace(type, 'pipeledger.', '') AS what,
    assurance,
    source,
    [substr(tag, 10) FOR tag IN tags IF starts_with(tag, 'artifact:')] AS artifacts,
    [substr(tag, 8) FOR tag IN tags IF starts_with(tag, 'commit:')][1] AS commit
FROM events
WHERE event IS NULL AND type IN (
    'pipeledger.tests.finished', 'pipeledger.scan.finished', 'pipeledger.attestation.verified',
    'pipeledger.policy.evaluated', 'pipeledger.gate.decided', 'pipeledger.admission.decided'
)
