-- What was said of branches and tags: one row a move.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "commits": [{"sha": "VARCHAR", "authors": ["VARCHAR"], "co_authors": ["VARCHAR"],
                "committer": "VARCHAR"}],
            "ref": "VARCHAR", "before": "VARCHAR", "after": "VARCHAR", "created": "VARCHAR",
            "deleted": "VARCHAR", "forced": "VARCHAR", "protected": "VARCHAR",
            "pusher": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type = 'pipeledger.ref.updated'
)

SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    repository,
    told.ref,
    told.before,
    told.after,
    from_json(event -> '$.data.commits[*].sha', '["VARCHAR"]') AS commits,
    told.commits AS authored,
    told.created = 'true' AS created,
    told.deleted = 'true' AS deleted,
    told.forced = 'true' AS forced,
    told.protected = 'true' AS protected,
    told.pusher,
    event IS NULL AS redacted
FROM said
