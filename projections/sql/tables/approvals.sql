-- Approvals, decided here or reported: one row an approval. It is granted when as many different
-- people granted it as it requires (accounts that were linked are one person, and who asked for or
-- made what is decided here is none of them), and until it ends, is withdrawn, or is rejected.
-- What was told last of a field holds: `arg_max` passes over what is null.
-- Of steps at one instant the request is the first, since some tools date the verdict by it.
WITH states AS (
    SELECT
        approval_key,
        arg_max(verdict, (said_at, verdict <> 'requested', position)) AS last_verdict,
        min(said_at) FILTER (WHERE verdict = 'requested') AS requested_at,
        max(said_at) FILTER (WHERE verdict <> 'requested') AS decided_at,
        max(said_at) FILTER (WHERE verdict IN ('rejected', 'withdrawn', 'expired')) AS ended_at,
        list_sort(list(DISTINCT person) FILTER (WHERE verdict = 'rejected')) AS rejected_by
    FROM approval_steps
    GROUP BY approval_key
),

told AS (
    SELECT
        s.approval_key,
        any_value(f.approval) AS approval,
        any_value(f.source) AS source,
        any_value(f.system) AS system,
        bool_and(s.is_decided) AS is_decided,
        arg_min(f.assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], f.assurance
        )) AS assurance,
        arg_max(f.subjects, f.position) FILTER (WHERE len(f.subjects) > 0) AS subjects,
        arg_max(f.environments, f.position) FILTER (WHERE len(f.environments) > 0)
            AS environments,
        arg_max(f.environment, f.position) AS environment,
        arg_max(f.service, f.position) AS service,
        arg_max(f.repository, f.position) AS repository,
        arg_max(f.commit, f.position) AS commit,
        arg_max(f.artifact, f.position) AS artifact,
        arg_max(f.release, f.position) AS release,
        arg_max(f.run, f.position) AS run,
        arg_max(f.deployment, f.position) AS deployment,
        arg_max(f.ticket, f.position) AS ticket,
        arg_max(f.emergency, f.position) AS emergency,
        arg_max(f.requester, f.position) AS requester,
        arg_max(f.authors, f.position) AS authors,
        arg_max(f.valid_from, f.position) AS valid_from,
        arg_max(f.valid_until, f.position) AS valid_until,
        max(f.required) AS required,
        list_sort(list(DISTINCT f.role) FILTER (WHERE f.role IS NOT NULL)) AS roles,
        list(f.position ORDER BY f.position) AS positions
    FROM approval_steps AS s
    INNER JOIN approval_facts AS f USING (position)
    GROUP BY s.approval_key
),

settled AS (
    SELECT
        t.*,
        s.* EXCLUDE (approval_key),
        coalesce(c.approvers, []) AS approvers,
        c.granted_at
    FROM told AS t
    INNER JOIN states AS s USING (approval_key)
    LEFT JOIN approval_counts AS c USING (approval_key)
)

SELECT
    approval_key,
    approval,
    source,
    system,
    is_decided,
    CASE
        WHEN last_verdict = 'granted' AND granted_at IS NULL THEN 'requested'
        ELSE last_verdict
    END AS state,
    requested_at,
    decided_at,
    greatest(granted_at, valid_from) AS granted_from,
    CASE
        WHEN granted_at IS NOT NULL
            THEN least(valid_until, CASE WHEN ended_at >= granted_at THEN ended_at END)
    END AS granted_until,
    requester,
    coalesce(authors, []) AS authors,
    approvers,
    coalesce(rejected_by, []) AS rejected_by,
    coalesce(roles, []) AS roles,
    coalesce(required, 1) AS required,
    coalesce(list_transform(
        subjects,
        lambda one: one.kind || coalesce(' ' || coalesce(one.digest, one.commit, one.release), '')
    ), []) AS subjects,
    coalesce(environments, CASE WHEN environment IS NOT NULL THEN [environment] END, [])
        AS environments,
    service,
    repository,
    commit,
    artifact,
    release,
    run,
    deployment,
    ticket,
    emergency,
    assurance,
    positions
FROM settled
