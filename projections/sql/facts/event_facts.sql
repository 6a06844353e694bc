-- What every event says of itself, whatever it is about: one narrow row an event. `actor` is whoever
-- did it, by the field that names them in events of its type; `verdict` how it went.
SELECT
    position,
    recorded_at,
    occurred_at,
    time_basis,
    type,
    source,
    principal,
    credential,
    how,
    assurance,
    service,
    environment,
    coalesce(actor, [
        one
        FOR one IN event ->> [
            '$.data.accessor', '$.data.approver', '$.data.reviewer', '$.data.merged_by',
            '$.data.acknowledged_by', '$.data.pusher', '$.data.author', '$.data.tester',
            '$.data.signer', '$.data.triggered_by', '$.data.requester', '$.data.reader'
        ]
        IF one LIKE 'per\_%' ESCAPE '\' OR one LIKE 'wkl\_%' ESCAPE '\'
    ][1]) AS actor,
    event ->> '$.data.workload' AS workload,
    coalesce(outcome, event ->> '$.data.decision', event ->> '$.data.verdict') AS verdict,
    len(streams) > 0
    OR coalesce(service, environment, repository, commit, artifact, release, run, ticket) IS NOT NULL
        AS has_object,
    event IS NULL AS redacted
FROM events
