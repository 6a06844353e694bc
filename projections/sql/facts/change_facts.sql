-- What was said of proposed changes (pull and merge requests): one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "co_authors": ["VARCHAR"], "original_commits": ["VARCHAR"],
            "commits": [{"sha": "VARCHAR", "authored_at": "VARCHAR", "committed_at": "VARCHAR",
                "parents": ["VARCHAR"], "paths": ["VARCHAR"], "patch_id": "VARCHAR",
                "authors": ["VARCHAR"], "co_authors": ["VARCHAR"], "committer": "VARCHAR"}],
            "number": "VARCHAR", "author": "VARCHAR", "last_pusher": "VARCHAR",
            "head": "VARCHAR", "base": "VARCHAR", "target_ref": "VARCHAR", "risk": "VARCHAR",
            "reviewer": "VARCHAR", "verdict": "VARCHAR", "reviewed": "VARCHAR",
            "merged_by": "VARCHAR", "merge_commit": "VARCHAR", "method": "VARCHAR",
            "merged_at": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.change.proposed', 'pipeledger.change.updated', 'pipeledger.change.reviewed',
        'pipeledger.change.merged', 'pipeledger.change.abandoned'
    )
)

SELECT
    position,
    recorded_at,
    occurred_at,
    split_part(type, '.', 3) AS what,
    assurance,
    principal,
    source,
    repository,
    told.number,
    service,
    actor,
    ticket,
    commit,
    told.author,
    told.co_authors,
    told.last_pusher,
    told.head,
    told.base,
    told.target_ref,
    told.risk,
    told.reviewer,
    told.verdict,
    told.reviewed,
    told.merged_by,
    told.merge_commit,
    told.method,
    TRY_CAST(upper(told.merged_at) AS TIMESTAMPTZ) AS merged_at,
    told.original_commits,
    from_json(event -> '$.data.commits[*].sha', '["VARCHAR"]') AS commits,
    told.commits AS authored,
    -- Which of its free texts were written; what they say is sealed.
    list_distinct(list_concat(
        string_split(event ->> '$.pipeledgertexts', ' '),
        [
            one FOR one IN ['description', 'reason', 'impact', 'security_impact', 'back_out']
            IF trim(event -> '$.data' ->> one) <> ''
        ]
    )) AS texts,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
