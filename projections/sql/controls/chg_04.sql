-- CHG-04: did nothing reach a protected branch around review, and was no protection weakened?
-- Population: every move of a branch that was ever protected, every change of a protection, and
-- each repository deployed from of which nobody says what is protected. What a push brought below
-- its last commit is not looked at one by one.
WITH asked AS (
    SELECT
        variant,
        from_json(parameters -> '$.allow_bot_refs', '["VARCHAR"]') AS bots,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-04'
),

pushed AS (
    SELECT
        q.variant,
        'push' AS item,
        v.repository,
        v.branch,
        v.position,
        v.occurred_at,
        v.assurance,
        v.review_positions,
        CASE
            WHEN v.deleted THEN 'violated: the branch was deleted'
            WHEN v.forced THEN 'violated: its history was overwritten'
            WHEN list_contains(q.bots, v.pushed_as) OR list_contains(q.bots, v.pusher)
                THEN 'satisfied: pushed by a bot that may'
            WHEN v.after IS NULL THEN 'nobody says what was pushed'
            WHEN v.review = 'reviewed' AND list_position(
                ['imported', 'asserted', 'observed', 'decided'], v.review_assurance
            ) < q.least THEN 'the assurance of the review is too low'
            WHEN v.review = 'reviewed' THEN 'satisfied: came by a reviewed change'
            WHEN v.stood_before THEN 'satisfied: begins with what was there'
            WHEN (SELECT count(*) FROM change_merges) = 0
                THEN 'this ledger knows of no proposed change at all'
            WHEN v.review = 'doubtful' THEN 'nothing shows that its change was reviewed'
            WHEN v.review = 'unreviewed' THEN 'violated: its change was not reviewed'
            ELSE 'violated: came without a change'
        END AS verdict
    FROM asked AS q
    CROSS JOIN protected_pushes AS v
),

guarded AS (
    SELECT
        q.variant,
        'protection' AS item,
        f.repository,
        regexp_replace(f.ref, '^refs/heads/', '') AS branch,
        f.position,
        least(f.occurred_at, f.recorded_at) AS occurred_at,
        f.assurance,
        [] AS review_positions,
        CASE
            WHEN f.weakened OR f.action = 'deleted' THEN 'violated: a protection was weakened'
            WHEN f.action = 'created' OR f.weakened = FALSE
                THEN 'satisfied: a protection was set or kept'
            ELSE 'nobody says whether a protection was weakened'
        END AS verdict
    FROM asked AS q
    CROSS JOIN protection_facts AS f
    WHERE f.repository IS NOT NULL
),

unguarded AS (
    SELECT
        q.variant,
        'repository' AS item,
        s.repository,
        CAST(NULL AS VARCHAR) AS branch,
        max(s.position) AS position,
        arg_max(s.finished_at, s.position) AS occurred_at,
        arg_max(s.assurance, s.position) AS assurance,
        [] AS review_positions,
        'nobody says which of its branches are protected' AS verdict
    FROM asked AS q
    CROSS JOIN (
        SELECT unnest(repositories) AS repository, last_position AS position, finished_at, assurance
        FROM production_deployments
        WHERE in_window
    ) AS s
    WHERE s.repository NOT IN (SELECT repository FROM protected_branches)
    GROUP BY q.variant, s.repository
)

SELECT
    j.variant,
    concat_ws(' ', j.repository, j.branch, j.item, j.position) AS item_key,
    j.item,
    t.service,
    CAST(NULL AS VARCHAR) AS team,
    CAST(NULL AS VARCHAR) AS environment,
    j.repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    j.occurred_at,
    CASE
        WHEN starts_with(j.verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(j.verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(j.verdict, '^(violated|satisfied): ', '') AS reason,
    j.assurance,
    list_concat([j.position], j.review_positions) AS positions
FROM (
    FROM pushed
    UNION ALL BY NAME FROM guarded
    UNION ALL BY NAME FROM unguarded
) AS j
LEFT JOIN tied_repositories AS t USING (repository)
WHERE j.occurred_at >= (SELECT window_from FROM parameters)
    AND j.occurred_at < (SELECT window_to FROM parameters)
