-- The instant at which tests are judged: the end of the window, or the last that the ledger took in
-- where that is earlier. What is not over by then is not judged as missed.
SELECT
    least(p.window_to, e.latest) AS now,
    e.latest AS ledger_end,
    e.earliest AS ledger_begin,
    e.last_position
FROM (
    SELECT
        max(recorded_at) AS latest,
        min(recorded_at) AS earliest,
        max(position) AS last_position
    FROM all_event_facts
) AS e
CROSS JOIN parameters AS p
