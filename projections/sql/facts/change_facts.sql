-- What was said of proposed changes (pull and merge requests): one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    repository,
    event ->> '$.data.number' AS number,
    service,
    actor,
    ticket,
    commit,
    event ->> '$.data.author' AS author,
    from_json(event -> '$.data.co_authors', '["VARCHAR"]') AS co_authors,
    event ->> '$.data.last_pusher' AS last_pusher,
    event ->> '$.data.head' AS head,
    event ->> '$.data.base' AS base,
    event ->> '$.data.target_ref' AS target_ref,
    event ->> '$.data.risk' AS risk,
    event ->> '$.data.reviewer' AS reviewer,
    event ->> '$.data.verdict' AS verdict,
    event ->> '$.data.reviewed' AS reviewed,
    event ->> '$.data.merged_by' AS merged_by,
    event ->> '$.data.merge_commit' AS merge_commit,
    event ->> '$.data.method' AS method,
    TRY_CAST(upper(event ->> '$.data.merged_at') AS TIMESTAMPTZ) AS merged_at,
    from_json(event -> '$.data.original_commits', '["VARCHAR"]') AS original_commits,
    from_json(event -> '$.data.commits[*].sha', '["VARCHAR"]') AS commits,
    from_json(
        event -> '$.data.commits',
        '[{"sha": "VARCHAR", "authored_at": "VARCHAR", "committed_at": "VARCHAR",
        "parents": ["VARCHAR"], "paths": ["VARCHAR"], "patch_id": "VARCHAR",
        "authors": ["VARCHAR"], "co_authors": ["VARCHAR"], "committer": "VARCHAR"}]'
    ) AS authored,
    -- Which of its free texts were written; what they say is sealed.
    list_distinct(list_concat(
        coalesce(string_split(event ->> '$.pipeledgertexts', ' '), []),
        [
            one FOR one IN ['description', 'reason', 'impact', 'security_impact', 'back_out']
            IF trim(coalesce(event -> '$.data' ->> one, '')) <> ''
        ]
    )) AS texts,
    event ->> '$.data.url' AS url,
    time_basis,
    event IS NULL AS redacted
FROM events
WHERE type IN (
    'pipeledger.change.proposed', 'pipeledger.change.updated', 'pipeledger.change.reviewed',
    'pipeledger.change.merged', 'pipeledger.change.abandoned'
)
