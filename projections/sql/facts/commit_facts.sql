-- What was said of commits: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "parents": ["VARCHAR"], "authors": ["VARCHAR"], "co_authors": ["VARCHAR"],
            "paths": ["VARCHAR"], "ref": "VARCHAR", "committer": "VARCHAR", "pusher": "VARCHAR",
            "authored_at": "VARCHAR", "committed_at": "VARCHAR", "patch_id": "VARCHAR",
            "cherry_picked_from": "VARCHAR", "signature": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.commit.pushed'
)

SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    source,
    repository,
    commit,
    ticket,
    told.ref,
    coalesce([
        parent
        FOR parent IN told.parents
        IF parent IS NOT NULL
    ], []) AS parents,
    told.authors,
    told.co_authors,
    told.committer,
    told.pusher,
    TRY_CAST(upper(told.authored_at) AS TIMESTAMPTZ) AS authored_at,
    TRY_CAST(upper(told.committed_at) AS TIMESTAMPTZ) AS committed_at,
    told.paths,
    told.patch_id,
    told.cherry_picked_from,
    told.signature,
    event IS NULL AS redacted
FROM said
