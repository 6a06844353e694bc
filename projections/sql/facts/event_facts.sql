-- What every event says of itself, whatever it is about: one narrow row an event. `actor` is
-- whoever did it, by the field that names them in events of its type; `verdict` how it went.
WITH told AS (
    SELECT
        *,
        event IS NULL AS redacted,
        read ->> ['$.data.workload', '$.data.decision', '$.data.verdict'] AS said,
        -- Most name their actor, or nobody.
        CASE
            WHEN actor IS NULL THEN read ->> [
                '$.data.accessor', '$.data.approver', '$.data.reviewer', '$.data.merged_by',
                '$.data.acknowledged_by', '$.data.pusher', '$.data.author', '$.data.tester',
                '$.data.signer', '$.data.triggered_by', '$.data.requester', '$.data.reader'
            ]
        END AS persons
    -- A plain event of the recorder may be no JSON.
    FROM (SELECT *, TRY_CAST(event AS JSON) AS read FROM events)
)

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
        FOR one IN persons
        IF starts_with(one, 'per_') OR starts_with(one, 'wkl_')
    ][1]) AS actor,
    said[1] AS workload,
    coalesce(outcome, said[2], said[3]) AS verdict,
    len(streams) > 0
    OR coalesce(service, environment, repository, commit, artifact, release, run, ticket) IS NOT NULL
        AS has_object,
    redacted
FROM told
