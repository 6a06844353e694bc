-- The scans and evaluations of policies whose findings are followed, up to the instant `at`, each
-- with what it looked at (`scope`): the same tool and kind, of the same service and repository,
-- environment, branch, target and policy. Images have another tag with each build, which is no
-- other target, whatever was looked for in them. Where none of these says what it was (an
-- environment does of baselines and policies), it is the artifact or commit alone, else something
-- that no other scan looked at.
-- A scan is full, so that what it does not show is gone, where the tool ran to its end, its
-- findings can be read, and nobody says that it looked at changes alone. What is dated later than
-- it was recorded is told when it was recorded, or it would hide what later scans still show.
WITH told AS (
    SELECT
        position,
        least(occurred_at, recorded_at) AS seen_at,
        coalesce(kind, 'unknown') AS kind,
        tool,
        CASE
            WHEN kind = 'container' OR image_id IS NOT NULL
                OR (kind IN ('secret', 'license') AND artifact IS NOT NULL)
                THEN regexp_replace(
                    regexp_replace(target, '@[a-z0-9]+:.*$', ''), ':\w[\w.-]*$', ''
                )
            ELSE target
        END AS target,
        extent,
        outcome = 'success' AS ran,
        findings,
        findings_count,
        counts,
        service,
        repository,
        environment,
        ref,
        artifact,
        commit
    FROM scan_facts
    UNION ALL BY NAME
    SELECT
        position,
        least(occurred_at, recorded_at) AS seen_at,
        'policy' AS kind,
        coalesce(tool, policy) AS tool,
        policy,
        target,
        extent,
        decision <> 'undecided' AS ran,
        findings,
        counts,
        service,
        repository,
        environment,
        artifact,
        commit
    FROM policy_facts
    WHERE what = 'policy.evaluated' AND (findings IS NOT NULL OR counts IS NOT NULL)
),

read AS (
    SELECT position, bool_or(redacted) AS redacted
    FROM finding_facts
    GROUP BY position
),

scoped AS (
    SELECT
        t.*,
        coalesce(CASE WHEN t.service IS NOT NULL THEN [t.service] END, e.services, []) AS services,
        coalesce(r.redacted, FALSE) AS redacted,
        t.ran AND coalesce(t.extent, 'full') = 'full' AND coalesce(
            NOT r.redacted,
            t.findings IS NULL
            AND (t.findings_count = 0 OR list_sum(map_values(t.counts)) = 0),
            FALSE
        ) AS is_full,
        concat_ws(
            ' | ', coalesce(t.tool, ''), t.kind,
            coalesce(
                t.service || coalesce(' ' || t.repository, ''),
                t.repository,
                nullif(array_to_string(e.services, ' '), ''),
                CASE
                    WHEN t.target IS NOT NULL THEN ''
                    WHEN t.environment IS NOT NULL AND t.kind IN ('baseline', 'policy') THEN ''
                END,
                t.artifact, t.commit, 'position ' || t.position
            ),
            coalesce(t.environment, ''), coalesce(t.ref, ''), coalesce(t.target, ''), t.policy
        ) AS scope
    FROM told AS t
    CROSS JOIN parameters AS p
    LEFT JOIN read AS r USING (position)
    LEFT JOIN event_services AS e USING (position)
    WHERE t.seen_at <= p.at
),

-- Several runs of one tool in one report are one scan of the same: none closes what another shows.
numbered AS (
    SELECT
        * EXCLUDE (ran, findings, findings_count, counts, policy),
        is_full AND row_number() OVER (
            PARTITION BY scope, seen_at, is_full ORDER BY position
        ) = 1 AS is_next
    FROM scoped
)

SELECT
    *,
    -- How many full scans there were of the same, with this one, and before it.
    count(*) FILTER (WHERE is_next) OVER (
        PARTITION BY scope ORDER BY seen_at RANGE UNBOUNDED PRECEDING
    ) AS full_scans,
    count(*) FILTER (WHERE is_next) OVER (
        PARTITION BY scope ORDER BY seen_at RANGE UNBOUNDED PRECEDING EXCLUDE GROUP
    ) AS full_before
FROM numbered
