-- What was said of branches and tags: one row a move.
SELECT
    position,
    recorded_at,
    occurred_at,
    assurance,
    principal,
    source,
    repository,
    event ->> '$.data.ref' AS ref,
    event ->> '$.data.before' AS before,
    event ->> '$.data.after' AS after,
    from_json(event -> '$.data.commits[*].sha', '["VARCHAR"]') AS commits,
    from_json(
        event -> '$.data.commits',
        '[{"sha": "VARCHAR", "authors": ["VARCHAR"], "co_authors": ["VARCHAR"],
        "committer": "VARCHAR"}]'
    ) AS authored,
    event ->> '$.data.created' = 'true' AS created,
    event ->> '$.data.deleted' = 'true' AS deleted,
    event ->> '$.data.forced' = 'true' AS forced,
    event ->> '$.data.protected' = 'true' AS protected,
    event ->> '$.data.pusher' AS pusher,
    event IS NULL AS redacted
FROM events
WHERE type = 'pipeledger.ref.updated'
