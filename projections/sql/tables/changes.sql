-- Proposed changes with their reviews, their merge and their way to production: one row a change.
-- What was told last of a field holds: `arg_max` passes over what is null.
WITH told AS (
    SELECT
        repository || '#' || number AS change_key,
        arg_max(service, position) AS service,
        arg_max(target_ref, position) AS target_ref,
        arg_max(base, position) AS base,
        arg_max(merged_by, position) AS merged_by,
        arg_max(method, position) AS method,
        arg_max(ticket, position) AS ticket,
        arg_max(risk, position) AS risk,
        arg_max(url, position) FILTER (WHERE url IS NOT NULL AND what <> 'reviewed') AS url,
        max(position) AS last_position,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list(position ORDER BY position) AS positions
    FROM change_facts
    WHERE repository IS NOT NULL AND number IS NOT NULL
    GROUP BY repository, number
),

reviewed AS (
    SELECT
        change_key,
        count(*) AS reviews,
        min(given_at) AS first_reviewed_at,
        min(given_at) FILTER (WHERE approves) AS approved_at,
        list_sort(list(DISTINCT reviewer) FILTER (WHERE approves)) AS approvers,
        list_sort(list(DISTINCT reviewer) FILTER (WHERE stands AND verdict = 'changes_requested'))
            AS refusers,
        list_sort(list(DISTINCT reviewed) FILTER (WHERE approves AND reviewed IS NOT NULL))
            AS approved_commits,
        -- Somebody else approved exactly what was merged.
        bool_or(is_of_head) FILTER (WHERE approves AND apart) AS head_approved,
        count(*) FILTER (WHERE approves AND apart) AS approvals_by_others,
        count(*) FILTER (WHERE approves AND apart AND is_of_head IS NULL) AS approvals_of_unknown,
        count(*) FILTER (WHERE approves) AS approvals
    FROM (
        SELECT
            *,
            stands AND verdict = 'approved' AS approves,
            NOT by_author AND NOT by_last_pusher AS apart
        FROM reviews
    )
    GROUP BY change_key
),

made_of AS (
    SELECT
        c.change_key,
        list(c.commit ORDER BY k.authored_at, c.commit)
            FILTER (WHERE c.role <> 'merged') AS commits,
        min(coalesce(k.authored_at, k.committed_at)) AS first_commit_at
    FROM change_commits AS c
    LEFT JOIN commits AS k USING (commit)
    GROUP BY c.change_key
),

deployed AS (
    SELECT
        change_key,
        list_sort(list(DISTINCT line)) AS lines,
        min(finished_at) FILTER (WHERE tier = 'production') AS production_at,
        arg_min(deployment_key, (finished_at, deployment_key)) FILTER (WHERE tier = 'production')
            AS production_deployment_key
    FROM change_deployments
    GROUP BY change_key
)

SELECT
    m.change_key,
    m.repository,
    m.number,
    coalesce(CASE WHEN t.service IS NOT NULL THEN [t.service] END, e.services, []) AS services,
    CASE
        WHEN m.merged_at IS NOT NULL THEN 'merged'
        WHEN m.last_step = 'abandoned' THEN 'abandoned'
        ELSE 'open'
    END AS state,
    m.author,
    m.co_authors,
    m.last_pusher,
    t.target_ref,
    t.base,
    coalesce(m.merged_head, m.head) AS head,
    coalesce(c.commits, []) AS commits,
    c.first_commit_at,
    m.proposed_at,
    coalesce(r.reviews, 0) AS reviews,
    r.first_reviewed_at,
    r.approved_at,
    coalesce(r.approvers, []) AS approvers,
    coalesce(r.refusers, []) AS refusers,
    coalesce(r.approved_commits, []) AS approved_commits,
    CASE
        WHEN r.head_approved THEN 'of its head'
        WHEN r.approvals_of_unknown > 0 THEN 'of an unknown commit'
        WHEN r.approvals_by_others > 0 THEN 'of an earlier commit'
        WHEN r.approvals > 0 THEN 'by whoever made it'
        ELSE 'none'
    END AS approval,
    m.merged_at,
    t.merged_by,
    t.method,
    m.merge_commit,
    CASE WHEN m.merged_at IS NULL THEN m.abandoned_at END AS abandoned_at,
    coalesce(d.lines, []) AS lines,
    d.production_at,
    d.production_deployment_key,
    epoch(m.merged_at) - epoch(m.proposed_at) AS review_s,
    epoch(d.production_at) - epoch(m.merged_at) AS release_s,
    epoch(d.production_at) - epoch(c.first_commit_at) AS lead_s,
    t.ticket,
    t.risk,
    t.url,
    t.assurance,
    t.positions
FROM change_merges AS m
INNER JOIN told AS t USING (change_key)
LEFT JOIN reviewed AS r USING (change_key)
LEFT JOIN made_of AS c USING (change_key)
LEFT JOIN deployed AS d USING (change_key)
LEFT JOIN event_services AS e ON e.position = t.last_position
-- Who asks for the newest then reads no more than these.
ORDER BY m.merged_at DESC
