-- Who let the line through: approvals, gates, policies and admissions, by artifact or commit, or by
-- the deployment that waited for them. What was said of another artifact of a commit is not of this
-- line, and what ended before the line reached production did not let it in.
WITH line_commits AS (
    SELECT commit FROM trace_commits WHERE role <> 'part'
),

waited_for AS (
    SELECT DISTINCT a.approval_key
    FROM approvals AS a
    INNER JOIN trace_deployments AS d
        ON a.deployment = d.deployment AND (a.source = d.source OR a.repository = d.repository)
),

bound AS (
    SELECT
        *,
        list_distinct(
            [substr(one, 10) FOR one IN subjects IF starts_with(one, 'artifact ')] || [artifact]
        ) AS digests,
        list_distinct(
            [substr(one, 8) FOR one IN subjects IF starts_with(one, 'commit ')] || [commit]
        ) AS commits
    FROM approvals
),

approved AS (
    SELECT
        a.*,
        list_filter(a.digests, lambda one: list_contains(l.artifacts, one))[1] AS line_artifact,
        CASE
            WHEN len(a.digests) = 0 OR l.artifacts IS NULL
                THEN list_filter(a.commits, lambda one: list_contains(l.commits, one))[1]
        END AS line_commit,
        CASE WHEN w.approval_key IS NOT NULL THEN a.deployment END AS line_deployment,
        l.production_at
    FROM bound AS a
    LEFT JOIN waited_for AS w USING (approval_key)
    CROSS JOIN (
        SELECT
            (SELECT list(artifact) FROM trace_artifacts) AS artifacts,
            (SELECT list(commit) FROM line_commits) AS commits,
            (SELECT production_at FROM trace_line) AS production_at
    ) AS l
),

decided AS (
    SELECT *, 'artifact' AS tie
    FROM policy_facts
    WHERE artifact IN (SELECT artifact FROM trace_artifacts)
    UNION ALL
    SELECT *, 'commit'
    FROM policy_facts
    WHERE artifact IS NULL AND commit IN (SELECT commit FROM line_commits)
)

SELECT
    'approval' AS hop,
    array_to_string(environments, ', ') AS environment,
    CASE WHEN is_decided THEN 'approval' ELSE 'approval.reported' END AS item,
    approval AS id,
    service,
    coalesce(granted_from, decided_at, requested_at) AS happened_at,
    state AS outcome,
    array_to_string(approvers, ', ') AS person,
    CASE
        WHEN line_artifact IS NOT NULL THEN 'artifact'
        WHEN line_commit IS NOT NULL THEN 'commit'
        ELSE 'deployment'
    END AS tie,
    coalesce(line_artifact, line_commit, line_deployment) AS tied_to,
    granted_from IS NOT NULL AND state <> 'rejected'
    AND coalesce(granted_until > production_at, state <> 'withdrawn') AS holds,
    list_filter(
        ['requester=' || requester, 'system=' || system, 'required=' || required,
         'until=' || granted_until],
        lambda one: one IS NOT NULL
    ) AS facts,
    source,
    assurance,
    positions
FROM approved
WHERE coalesce(line_artifact, line_commit, line_deployment) IS NOT NULL
UNION ALL
SELECT
    'approval',
    environment,
    what,
    coalesce(id, policy),
    service,
    occurred_at,
    decision,
    actor,
    tie,
    CASE tie WHEN 'artifact' THEN artifact ELSE commit END,
    what = 'gate.decided' AND decision = 'allow',
    list_filter(
        ['policy=' || policy, 'enforcement=' || enforcement, 'target=' || target],
        lambda one: one IS NOT NULL
    ),
    source,
    assurance,
    [position]
FROM decided
WHERE what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
