-- R12, R13: the incidents that an answer is about: of production, or of no stated environment.
-- One row an incident and group: one that touches several services stands in the group of each.
-- Where services, teams or repositories are asked for, the others that it touches are no groups of
-- the answer, and nothing of them is: one service has to be all that is asked for.
WITH touched AS (
    SELECT
        i.incident_key,
        i.derived,
        i.service,
        v.team,
        [one.repository FOR one IN v.repositories IF one.role IS DISTINCT FROM 'manifests']
            AS repositories
    FROM (
        SELECT
            incident_key,
            derived,
            unnest(services) AS service,
            -- What holds of services then holds of it, as in `incidents`.
            coalesce(started_at, ended_at) AS known_at
        FROM incidents
    ) AS i
    LEFT JOIN service_registrations AS v
        ON i.service = v.service
        AND i.known_at >= v.effective_from AND i.known_at < v.effective_until
),

asked AS (
    SELECT
        t.incident_key,
        t.derived,
        list(t.service) AS services,
        list(DISTINCT t.team) FILTER (WHERE t.team IS NOT NULL) AS teams,
        list_distinct(flatten(list([
            one FOR one IN t.repositories IF p.repository IS NULL OR one = p.repository
        ]))) AS repositories
    FROM touched AS t
    CROSS JOIN parameters AS p
    WHERE (p.service IS NULL OR t.service = p.service)
        AND (p.team IS NULL OR t.team = p.team)
        AND (p.repository IS NULL OR list_contains(t.repositories, p.repository))
    GROUP BY t.incident_key, t.derived
),

chosen AS (
    SELECT
        i.*,
        CASE p.group_by
            WHEN 'team' THEN a.teams
            WHEN 'service' THEN a.services
            WHEN 'repository' THEN a.repositories
            WHEN 'environment' THEN [coalesce(i.environment, '')]
        END AS group_keys
    FROM incidents AS i
    CROSS JOIN parameters AS p
    LEFT JOIN asked AS a USING (incident_key, derived)
    WHERE (i.tier = 'production' OR i.environment IS NULL)
        AND (a.incident_key IS NOT NULL OR coalesce(p.service, p.team, p.repository) IS NULL)
        AND (p.environment IS NULL OR i.environment = p.environment)
)

SELECT
    * EXCLUDE (group_keys),
    unnest(CASE WHEN len(group_keys) > 0 THEN group_keys ELSE [''] END) AS group_key
FROM chosen
