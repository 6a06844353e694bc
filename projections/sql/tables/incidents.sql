-- Incidents: one row an incident. What was said last of its cause and severity holds (R14).
WITH told AS (
    SELECT
        source || ' ' || incident AS incident_key,
        any_value(source) AS source,
        any_value(incident) AS incident,
        arg_max(service, position) FILTER (WHERE service IS NOT NULL) AS service,
        list_sort(list_distinct(
            flatten(list(coalesce(services, []))) || list(service) FILTER (WHERE service IS NOT NULL)
        )) AS services,
        arg_max(environment, position) FILTER (WHERE environment IS NOT NULL) AS environment,
        arg_max(severity, position) FILTER (WHERE severity IS NOT NULL) AS severity,
        arg_max(category, position) FILTER (WHERE category IS NOT NULL) AS category,
        arg_max(cause, position) FILTER (WHERE cause IS NOT NULL) AS cause,
        arg_max(caused_by, position) FILTER (WHERE caused_by IS NOT NULL) AS caused_by,
        arg_max(ticket, position) FILTER (WHERE ticket IS NOT NULL) AS ticket,
        min(occurred_at) FILTER (WHERE what = 'acknowledged') AS acknowledged_at,
        list(position ORDER BY position) AS positions
    FROM incident_facts
    WHERE incident IS NOT NULL
    GROUP BY source, incident
    UNION ALL BY NAME
    SELECT
        incident_key,
        any_value(source) AS source,
        any_value(incident) AS incident,
        any_value(service) AS service,
        list(DISTINCT service) FILTER (WHERE service IS NOT NULL) AS services,
        any_value(environment) AS environment,
        any_value(severity) AS severity,
        list_sort(list_distinct(flatten(list(positions)))) AS positions
    FROM alert_incidents
    GROUP BY incident_key
),

intervals AS (
    SELECT
        incident_key,
        min(started_at) AS started_at,
        count(*) AS episodes,
        bool_or(derived) AS derived,
        arg_max(restored_at, episode) FILTER (WHERE restored_at IS NOT NULL) AS restored_at,
        arg_max(resolved_at, episode) FILTER (WHERE resolved_at IS NOT NULL) AS resolved_at,
        -- It is over when its last episode is.
        coalesce(
            last(restored_at ORDER BY episode), last(resolved_at ORDER BY episode)
        ) AS ended_at,
        last(restored_at ORDER BY episode) IS NOT NULL AS is_restored,
        sum(greatest(
            0, epoch(coalesce(restored_at, resolved_at)) - epoch(started_at)
        )) AS impaired_s
    FROM incident_episodes
    GROUP BY incident_key
)

SELECT
    t.incident_key,
    t.source,
    t.incident,
    t.service,
    coalesce(t.services, []) AS services,
    t.environment,
    e.tier,
    v.team,
    t.severity,
    t.category,
    t.cause,
    t.caused_by,
    t.ticket,
    i.started_at,
    t.acknowledged_at,
    CASE WHEN i.is_restored THEN i.restored_at END AS restored_at,
    i.resolved_at,
    i.ended_at,
    CASE WHEN i.ended_at IS NOT NULL THEN i.impaired_s END AS impaired_s,
    i.episodes,
    i.derived,
    t.positions
FROM told AS t
INNER JOIN intervals AS i USING (incident_key)
LEFT JOIN environments AS e
    ON t.environment = e.environment
    AND i.started_at >= e.effective_from AND i.started_at < e.effective_until
LEFT JOIN service_registrations AS v
    ON t.service = v.service
    AND i.started_at >= v.effective_from AND i.started_at < v.effective_until
