-- The whole line of what was asked for, from the ticket to the recovery: one row an item of a hop.
-- An item is proved where its source itself was authenticated or the ledger decided it, and it is
-- tied to the line by a digest or a whole commit id; all else is asserted. What happened only after
-- the line had reached production is late: it let nothing through.
WITH items AS (
    SELECT * FROM trace_source_items
    UNION ALL
    SELECT * FROM trace_build_items
    UNION ALL
    SELECT * FROM trace_check_items
    UNION ALL
    SELECT * FROM trace_approval_items
    UNION ALL
    SELECT * FROM trace_deployment_items
)

SELECT
    CAST(list_position(
        ['ticket', 'commit', 'change', 'review', 'build', 'tests', 'scans', 'artifact', 'approval',
         'deployment', 'incident', 'recovery'],
        hop
    ) AS BIGINT) AS hop_number,
    hop,
    environment,
    item,
    id,
    service,
    happened_at,
    outcome,
    person,
    CASE
        WHEN assurance IN ('observed', 'decided') AND tie IN ('artifact', 'commit') THEN 'proved'
        ELSE 'asserted'
    END AS state,
    tie,
    tied_to,
    coalesce(holds, FALSE) AS holds,
    coalesce(
        hop IN ('review', 'build', 'tests', 'scans', 'artifact', 'approval')
        AND happened_at > (SELECT production_at FROM trace_line),
        FALSE
    ) AS is_late,
    facts,
    source,
    assurance,
    positions
FROM items
