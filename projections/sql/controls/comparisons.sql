-- Comparisons of the ledger with a source, in order: one row each. `before` is up to when that
-- source's repository had been compared by then. What is compared ends at the latest when the
-- ledger heard of it: nobody compares what is yet to happen.
WITH told AS (
    SELECT
        concat_ws(' ', coalesce(system, source), repository) AS subject,
        coalesce(system, source) AS system,
        * EXCLUDE (system, until),
        least(coalesce(until, occurred_at), recorded_at) AS until
    FROM reconciliation_facts
)

SELECT
    *,
    max(until) OVER (
        PARTITION BY subject ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
FROM told
