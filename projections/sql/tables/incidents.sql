-- Incidents: one row an incident. What was said last of its cause and severity holds (R14).
WITH told AS (
    SELECT
        source || ' ' || incident AS incident_key,
        FALSE AS derived,
        source,
        incident,
        arg_max(service, position) AS service,
        list_sort(list_distinct([
            one
            FOR one IN flatten(list(list_append(services, service)))
            IF one IS NOT NULL
        ])) AS services,
        arg_max(environment, position) AS environment,
        arg_max(severity, position) AS severity,
        arg_max(category, position) AS category,
        arg_max(cause, position) AS cause,
        arg_max(caused_by, position) AS caused_by,
        arg_max(ticket, position) AS ticket,
        min(occurred_at) FILTER (WHERE what = 'acknowledged') AS acknowledged_at,
        list(position ORDER BY position) AS positions
    FROM incident_facts
    GROUP BY source, incident
    UNION ALL BY NAME
    SELECT
        incident_key,
        TRUE AS derived,
        source,
        incident,
        arg_max(service, episode) AS service,
        coalesce(list_sort(list(DISTINCT service) FILTER (WHERE service IS NOT NULL)), [])
            AS services,
        arg_max(environment, episode) AS environment,
        arg_max(severity, episode) AS severity,
        list_sort(flatten(list(positions))) AS positions
    FROM alert_incidents
    GROUP BY incident_key, source, incident
),

intervals AS (
    SELECT
        incident_key,
        derived,
        min(started_at) AS started_at,
        count(*) AS episodes,
        -- It is over when its last episode is.
        last(restored_at ORDER BY episode) AS restored_at,
        last(resolved_at ORDER BY episode) AS resolved_at,
        last(ended_at ORDER BY episode) AS ended_at,
        sum(greatest(0, epoch(ended_at) - epoch(started_at))) AS impaired_s,
        -- What holds of places and services then holds of it, also where nobody says when it began:
        -- that one was not reopened.
        coalesce(min(started_at), any_value(ended_at)) AS known_at
    FROM incident_episodes
    GROUP BY incident_key, derived
),

touched AS (
    SELECT t.incident_key, t.derived, i.known_at, unnest(t.services) AS service
    FROM told AS t
    INNER JOIN intervals AS i USING (incident_key, derived)
),

registered AS (
    SELECT
        t.incident_key,
        t.derived,
        list_sort(list(DISTINCT v.team) FILTER (WHERE v.team IS NOT NULL)) AS teams,
        list_sort(list_distinct(flatten(list(
            [one.repository FOR one IN v.repositories IF one.role IS DISTINCT FROM 'manifests']
        )))) AS repositories
    FROM touched AS t
    INNER JOIN service_registrations AS v
        ON t.service = v.service
        AND t.known_at >= v.effective_from AND t.known_at < v.effective_until
    GROUP BY t.incident_key, t.derived
)

SELECT
    t.incident_key,
    t.source,
    t.incident,
    t.service,
    t.services,
    t.environment,
    e.tier,
    v.team,
    coalesce(r.teams, []) AS teams,
    coalesce(r.repositories, []) AS repositories,
    t.severity,
    t.category,
    t.cause,
    t.caused_by,
    t.ticket,
    i.started_at,
    t.acknowledged_at,
    i.restored_at,
    i.resolved_at,
    i.ended_at,
    -- How long it was, nobody can tell where nobody says when it began.
    CASE WHEN i.started_at IS NOT NULL AND i.ended_at IS NOT NULL THEN i.impaired_s END
        AS impaired_s,
    i.episodes,
    t.derived,
    t.positions
FROM told AS t
INNER JOIN intervals AS i USING (incident_key, derived)
LEFT JOIN environments AS e
    ON t.environment = e.environment
    AND i.known_at >= e.effective_from AND i.known_at < e.effective_until
LEFT JOIN service_registrations AS v
    ON t.service = v.service
    AND i.known_at >= v.effective_from AND i.known_at < v.effective_until
LEFT JOIN registered AS r USING (incident_key, derived)
