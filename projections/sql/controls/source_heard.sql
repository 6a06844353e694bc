-- When the ledger heard of each source that says how often it does: its deliveries, and the
-- heartbeats of what is quiet. One row a source and event.
WITH sources AS (
    SELECT source_name AS name, arg_max(source_credential, position) AS credential
    FROM register_facts
    WHERE what = 'source.registered' AND source_name IS NOT NULL
    GROUP BY source_name
    HAVING arg_max(source_every_s, position) IS NOT NULL
)

SELECT s.name, e.recorded_at, e.position
FROM sources AS s
INNER JOIN all_event_facts AS e ON s.credential = e.credential
UNION ALL
SELECT name, recorded_at, position FROM ledger_facts WHERE what = 'source.heartbeat'
