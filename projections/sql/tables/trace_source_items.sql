-- The line's source: tickets, commits, changes and reviews; one row an event. `holds` says whether
-- an item is what its hop asks for: of reviews, an approval by somebody else that stands and was
-- given on what was merged, as far as anybody tells.
WITH line_changes AS (
    SELECT
        f.*,
        f.repository || '#' || f.number AS change_key
    FROM change_facts AS f
    WHERE f.repository || '#' || f.number IN (SELECT change_key FROM trace_changes)
),

-- A change that names a commit of the line is tied by it.
tied AS (
    SELECT c.change_key, min(c.commit) AS commit
    FROM change_commits AS c
    INNER JOIN trace_commits AS t USING (commit)
    GROUP BY c.change_key
),

keys AS (
    SELECT value AS ticket FROM trace_asked WHERE kind = 'ticket'
    UNION
    SELECT ticket FROM line_changes WHERE ticket IS NOT NULL
    UNION
    SELECT ticket FROM trace_told_commits WHERE ticket IS NOT NULL
    UNION
    SELECT ticket FROM trace_deployments WHERE ticket IS NOT NULL
)

SELECT
    'ticket' AS hop,
    CAST(NULL AS VARCHAR) AS environment,
    'ticket.' || what AS item,
    key AS id,
    service,
    occurred_at AS happened_at,
    status AS outcome,
    coalesce(approved_by, assignee, requester) AS person,
    'ticket' AS tie,
    key AS tied_to,
    TRUE AS holds,
    list_filter(['kind=' || kind, 'risk=' || risk, 'system=' || system], lambda one: one IS NOT NULL)
        AS facts,
    source,
    assurance,
    [position] AS positions
FROM ticket_facts
WHERE key IN (SELECT ticket FROM keys)
UNION ALL
SELECT
    'commit',
    NULL,
    'commit.pushed',
    commit,
    NULL,
    coalesce(authored_at, committed_at, occurred_at),
    NULL,
    authors[1],
    'commit',
    commit,
    TRUE,
    list_filter(
        ['role=' || role, 'ref=' || ref, 'signature=' || signature],
        lambda one: one IS NOT NULL
    ),
    source,
    assurance,
    [position]
FROM trace_told_commits
UNION ALL
SELECT
    'change',
    NULL,
    'change.' || f.what,
    f.change_key,
    f.service,
    coalesce(f.merged_at, f.occurred_at),
    f.what,
    coalesce(f.merged_by, f.author, f.actor),
    CASE WHEN t.commit IS NOT NULL THEN 'commit' ELSE 'change' END,
    coalesce(f.merge_commit, f.head, t.commit, f.change_key),
    f.what <> 'abandoned',
    list_filter(
        ['author=' || f.author, 'method=' || f.method, 'merge_commit=' || f.merge_commit,
         'ticket=' || f.ticket],
        lambda one: one IS NOT NULL
    ),
    f.source,
    f.assurance,
    [f.position]
FROM line_changes AS f
LEFT JOIN tied AS t USING (change_key)
WHERE f.what IN ('proposed', 'merged', 'abandoned')
UNION ALL
SELECT
    'review',
    NULL,
    'change.reviewed',
    r.change_key,
    NULL,
    r.given_at,
    r.verdict,
    r.reviewer,
    CASE WHEN r.is_of_head THEN 'commit' ELSE 'change' END,
    CASE WHEN r.is_of_head THEN r.reviewed ELSE r.change_key END,
    r.verdict = 'approved' AND r.stands AND coalesce(r.is_of_head, TRUE)
    AND NOT r.by_author AND NOT r.by_last_pusher,
    list_filter(
        ['reviewed=' || r.reviewed,
         CASE WHEN r.is_of_head = FALSE THEN 'of an earlier commit' END,
         CASE WHEN r.by_author OR r.by_last_pusher THEN 'by whoever made it' END,
         CASE WHEN NOT r.in_time THEN 'after the merge' END,
         CASE WHEN r.in_time AND NOT r.stands THEN 'taken back or repeated' END],
        lambda one: one IS NOT NULL
    ),
    r.source,
    r.assurance,
    [r.position]
FROM reviews AS r
WHERE r.change_key IN (SELECT change_key FROM trace_changes)
