-- Exceptions from rules: one row a waiver. It holds from when it was granted until it expires or
-- is revoked, whichever comes first; whether somebody recorded that it expired changes nothing.
-- What was told last of a field holds: `arg_max` passes over what is null.
WITH granted AS (
    SELECT
        id AS waiver,
        min(position) AS position,
        arg_max(scope, position) AS scope,
        arg_max(controls, position) AS controls,
        arg_max(rules, position) AS rules,
        arg_max(fingerprints, position) AS fingerprints,
        arg_max(services, position) AS services,
        arg_max(service, position) AS service,
        arg_max(environments, position) AS environments,
        arg_max(environment, position) AS environment,
        arg_max(artifacts, position) AS artifacts,
        arg_max(artifact, position) AS artifact,
        arg_max(ticket, position) AS ticket,
        arg_max(requester, position) AS requester,
        arg_max(coalesce(approver, principal), position) AS approver,
        min(recorded_at) AS granted_at,
        min(expires) AS expires_at
    FROM policy_facts
    WHERE what = 'waiver.granted' AND id IS NOT NULL
    GROUP BY id
),

ended AS (
    SELECT
        id AS waiver,
        min(recorded_at) FILTER (WHERE what = 'waiver.revoked') AS revoked_at,
        arg_min(principal, position) FILTER (WHERE what = 'waiver.revoked') AS revoked_by
    FROM policy_facts
    WHERE what IN ('waiver.revoked', 'waiver.expired') AND id IS NOT NULL
    GROUP BY id
),

behind AS (
    SELECT id AS waiver, list(position ORDER BY position) AS positions
    FROM policy_facts
    WHERE what IN ('waiver.granted', 'waiver.revoked', 'waiver.expired') AND id IS NOT NULL
    GROUP BY id
)

SELECT
    g.waiver,
    coalesce(g.scope, []) AS scope,
    coalesce(g.controls, []) AS controls,
    coalesce(g.rules, []) AS rules,
    coalesce(g.fingerprints, []) AS fingerprints,
    coalesce(g.services, CASE WHEN g.service IS NOT NULL THEN [g.service] END, []) AS services,
    coalesce(g.environments, CASE WHEN g.environment IS NOT NULL THEN [g.environment] END, [])
        AS environments,
    coalesce(g.artifacts, CASE WHEN g.artifact IS NOT NULL THEN [g.artifact] END, [])
        AS artifacts,
    g.ticket,
    g.requester,
    g.approver,
    g.granted_at,
    g.expires_at,
    e.revoked_at,
    e.revoked_by,
    g.granted_at AS holds_from,
    least(g.expires_at, e.revoked_at) AS holds_until,
    b.positions
FROM granted AS g
INNER JOIN behind AS b USING (waiver)
LEFT JOIN ended AS e USING (waiver)
