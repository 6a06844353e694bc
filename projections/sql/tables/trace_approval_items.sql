-- Who let the line through: approvals, gates, policies and admissions, by artifact or commit, or by
-- the deployment that waited for them.
WITH line_commits AS (
    SELECT commit FROM trace_commits WHERE role <> 'part'
),

line_deployments AS (
    SELECT d.deployment, d.source, d.environment
    FROM deployments AS d
    INNER JOIN trace_deployments AS t USING (deployment_key)
),

approved AS (
    SELECT
        a.*,
        list_filter(
            list_transform(a.subjects, lambda one: split_part(one, ' ', 2)) || [a.artifact],
            lambda one: list_contains(l.artifacts, one)
        )[1] AS line_artifact,
        list_filter(
            list_transform(a.subjects, lambda one: split_part(one, ' ', 2)) || [a.commit],
            lambda one: list_contains(l.commits, one)
        )[1] AS line_commit,
        CASE WHEN list_contains(l.deployments, a.deployment) THEN a.deployment END
            AS line_deployment
    FROM approvals AS a
    CROSS JOIN (
        SELECT
            (SELECT list(artifact) FROM trace_artifacts) AS artifacts,
            (SELECT list(commit) FROM line_commits) AS commits,
            (SELECT list(deployment) FROM line_deployments) AS deployments
    ) AS l
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
    granted_from IS NOT NULL AND state <> 'rejected' AS holds,
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
    CASE
        WHEN artifact IN (SELECT artifact FROM trace_artifacts) THEN 'artifact' ELSE 'commit'
    END,
    CASE
        WHEN artifact IN (SELECT artifact FROM trace_artifacts) THEN artifact ELSE commit
    END,
    what = 'gate.decided' AND decision = 'allow',
    list_filter(
        ['policy=' || policy, 'enforcement=' || enforcement, 'target=' || target],
        lambda one: one IS NOT NULL
    ),
    source,
    assurance,
    [position]
FROM policy_facts
WHERE what IN ('gate.decided', 'policy.evaluated', 'admission.decided')
    AND (
        artifact IN (SELECT artifact FROM trace_artifacts)
        OR (artifact IS NULL AND commit IN (SELECT commit FROM line_commits))
    )
