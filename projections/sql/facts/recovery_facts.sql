-- What was said of failing over, copies, backups, restores and drills: one row an event.
WITH said AS (
    SELECT
        *,
        -- What is told, read at once. A text is a text, and so is a number.
        from_json(event, '{"data": {
            "recovery": "VARCHAR", "planned": "VARCHAR", "trigger": "VARCHAR",
            "from_site": "VARCHAR", "to_site": "VARCHAR", "rto_wanted_s": "VARCHAR",
            "rto_reached_s": "VARCHAR", "rpo_wanted_s": "VARCHAR", "rpo_reached_s": "VARCHAR",
            "lag_s": "VARCHAR", "data_loss": "VARCHAR", "backup_set": "VARCHAR",
            "verified": "VARCHAR", "incident": "VARCHAR", "tool": "VARCHAR",
            "duration_s": "VARCHAR", "url": "VARCHAR"
        }}').data AS told
    FROM events
    WHERE type IN (
        'pipeledger.failover.started', 'pipeledger.failover.finished',
        'pipeledger.replication.measured', 'pipeledger.backup.finished',
        'pipeledger.restore.tested', 'pipeledger.drill.finished'
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
    told.recovery,
    service,
    environment,
    run,
    actor,
    ticket,
    outcome,
    TRY_CAST(told.planned AS BOOLEAN) AS planned,
    told.trigger,
    told.from_site,
    told.to_site,
    TRY_CAST(told.rto_wanted_s AS DOUBLE) AS rto_wanted_s,
    TRY_CAST(told.rto_reached_s AS DOUBLE) AS rto_reached_s,
    TRY_CAST(told.rpo_wanted_s AS DOUBLE) AS rpo_wanted_s,
    TRY_CAST(told.rpo_reached_s AS DOUBLE) AS rpo_reached_s,
    TRY_CAST(told.lag_s AS DOUBLE) AS lag_s,
    TRY_CAST(told.data_loss AS BOOLEAN) AS data_loss,
    told.backup_set,
    TRY_CAST(told.verified AS BOOLEAN) AS verified,
    told.incident,
    told.tool,
    TRY_CAST(told.duration_s AS DOUBLE) AS duration_s,
    told.url,
    time_basis,
    event IS NULL AS redacted
FROM said
