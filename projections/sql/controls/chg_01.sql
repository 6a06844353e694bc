-- CHG-01: was every merge to a protected branch reviewed by somebody else before?
-- Approvals count by people who are neither author, co-author, committer nor last pusher, given on
-- exactly what was merged. Population: merges to branches that were ever protected; where nobody
-- tells which branches of a repository are, all; and whatever came to production, so that a
-- protection of some other branch takes nothing out of sight.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.min_approvals' AS BIGINT) AS min_approvals,
        CAST(parameters ->> '$.dismiss_stale_approvals' AS BOOLEAN) AS dismisses_stale,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-01'
),

-- What came to production with each change.
brought AS (
    SELECT c.change_key, list_sort(list_distinct(flatten(list(d.artifacts)))) AS artifacts
    FROM (
        SELECT DISTINCT change_key, deployment_key
        FROM deployment_changes
        WHERE change_key IS NOT NULL
    ) AS c
    INNER JOIN production_deployments AS d USING (deployment_key)
    GROUP BY c.change_key
),

population AS (
    SELECT m.*, coalesce(d.artifacts, []) AS artifacts
    FROM merged_changes AS m
    LEFT JOIN protected_branches AS b USING (repository, branch)
    LEFT JOIN brought AS d USING (change_key)
    WHERE m.in_window AND (
        b.branch IS NOT NULL OR m.branch IS NULL
        OR m.repository NOT IN (SELECT repository FROM protected_branches)
        OR d.change_key IS NOT NULL
    )
),

-- 9 counts, 5 to 8 may count, below that it does not.
weighed AS (
    SELECT
        q.variant,
        a.change_key,
        a.person,
        a.position,
        a.assurance,
        CASE
            WHEN a.by_maker THEN 1
            WHEN q.dismisses_stale AND a.reviewed <> a.head THEN 2
            WHEN a.finding IS NOT NULL THEN 5
            WHEN q.dismisses_stale AND a.is_of_head IS NULL THEN 6
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) < q.least
                THEN 7
            ELSE 9
        END AS weight,
        CASE
            WHEN a.by_maker THEN a.finding
            WHEN q.dismisses_stale AND a.reviewed <> a.head THEN 'approved was an earlier commit'
            WHEN a.finding IS NOT NULL THEN a.finding
            WHEN q.dismisses_stale AND a.is_of_head IS NULL
                THEN 'nobody says which commit was approved'
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], a.assurance) < q.least
                THEN 'the assurance of the approval is too low'
        END AS finding
    FROM asked AS q
    CROSS JOIN change_approvals AS a
),

counted AS (
    SELECT
        variant,
        change_key,
        count(*) FILTER (WHERE weight = 9) AS good,
        count(*) FILTER (WHERE weight >= 5) AS possible,
        arg_max(finding, (weight, -position)) FILTER (WHERE weight < 9) AS finding,
        arg_max(finding, (weight, -position)) FILTER (WHERE weight BETWEEN 5 AND 8) AS doubt,
        ['imported', 'asserted', 'observed', 'decided'][min(list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) FILTER (WHERE weight = 9)] AS assurance,
        list(position ORDER BY position) AS positions
    FROM weighed
    GROUP BY variant, change_key
),

judged AS (
    SELECT
        q.variant,
        m.*,
        c.assurance AS review_assurance,
        coalesce(c.positions, []) AS review_positions,
        CASE
            WHEN c.good >= q.min_approvals AND m.change_key NOT IN (SELECT change_key FROM change_people)
                THEN 'nobody says who made it'
            WHEN c.good >= q.min_approvals AND NOT m.is_dated THEN 'the merge has no time of its own'
            WHEN c.good >= q.min_approvals THEN 'satisfied: approved by others'
            WHEN (SELECT count(*) FROM reviews) = 0 THEN 'this ledger knows of no review at all'
            WHEN c.possible >= q.min_approvals THEN c.doubt
            WHEN c.possible > 0 THEN 'violated: too few approvals by others'
            ELSE 'violated: ' || coalesce(c.finding, 'no approval')
        END AS verdict
    FROM asked AS q
    CROSS JOIN population AS m
    LEFT JOIN counted AS c USING (variant, change_key)
)

SELECT
    variant,
    change_key AS item_key,
    'change' AS item,
    service,
    team,
    CAST(NULL AS VARCHAR) AS environment,
    repository,
    artifacts,
    merged_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance),
        list_position(['imported', 'asserted', 'observed', 'decided'], review_assurance)
    )] AS assurance,
    list_concat(positions, review_positions) AS positions
FROM judged
