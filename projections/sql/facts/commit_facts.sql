-- What was said of commits: one row an event.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    source,
    repository,
    commit,
    ticket,
    event ->> '$.data.ref' AS ref,
    coalesce([
        parent
        FOR parent IN from_json(event -> '$.data.parents', '["VARCHAR"]')
        IF parent IS NOT NULL
    ], []) AS parents,
    from_json(event -> '$.data.authors', '["VARCHAR"]') AS authors,
    from_json(event -> '$.data.co_authors', '["VARCHAR"]') AS co_authors,
    event ->> '$.data.committer' AS committer,
    event ->> '$.data.pusher' AS pusher,
    TRY_CAST(upper(event ->> '$.data.authored_at') AS TIMESTAMPTZ) AS authored_at,
    TRY_CAST(upper(event ->> '$.data.committed_at') AS TIMESTAMPTZ) AS committed_at,
    from_json(event -> '$.data.paths', '["VARCHAR"]') AS paths,
    event ->> '$.data.patch_id' AS patch_id,
    event ->> '$.data.cherry_picked_from' AS cherry_picked_from,
    event ->> '$.data.signature' AS signature,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.commit.pushed'
