-- Merged changes, as controls judge them: one row a change. It was merged at the latest when the
-- ledger heard of it: a later claim would let reviews be made up in between. The branch that it
-- went to is named without its prefix.
WITH heard AS (
    SELECT
        repository || '#' || number AS change_key,
        min(recorded_at) FILTER (WHERE what = 'merged') AS recorded_at,
        bool_and(coalesce(time_basis, 'source') IN ('source', 'caller'))
            FILTER (WHERE what = 'merged') AS is_dated,
        arg_max(service, position) AS service,
        regexp_replace(arg_max(target_ref, position), '^refs/heads/', '') AS branch,
        arg_max(ticket, position) AS ticket,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) FILTER (WHERE what IN ('proposed', 'merged')) AS assurance,
        list(position ORDER BY position) FILTER (WHERE what IN ('proposed', 'merged')) AS positions
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
    GROUP BY repository, number
),

whole AS (
    SELECT
        m.change_key,
        m.repository,
        m.number,
        coalesce(h.service, t.service) AS service,
        h.branch,
        least(m.merged_at, h.recorded_at) AS merged_at,
        coalesce(m.merged_head, CASE WHEN h.recorded_at IS NULL THEN m.head END) AS head,
        m.merge_commit,
        h.is_dated,
        h.ticket,
        h.assurance,
        h.positions
    FROM change_merges AS m
    INNER JOIN heard AS h USING (change_key)
    LEFT JOIN tied_repositories AS t ON m.repository = t.repository
    WHERE m.merged_at IS NOT NULL
)

SELECT
    w.*,
    v.team,
    w.merged_at >= p.window_from AND w.merged_at < p.window_to AS in_window
FROM whole AS w
CROSS JOIN parameters AS p
LEFT JOIN service_registrations AS v
    ON w.service = v.service
    AND w.merged_at >= v.effective_from AND w.merged_at < v.effective_until
