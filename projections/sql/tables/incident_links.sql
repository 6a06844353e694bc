-- R8 F2: which deployments an incident names as its cause. An id is one of a service and
-- environment that it touches, else of such a service; else, since a cause may lie in another
-- service, of the only source that uses it. `deployment_key` is null where there is none.
WITH said AS (
    SELECT incident_key, caused_by AS name, services, environment
    FROM incidents
    WHERE caused_by IS NOT NULL
),

touched AS (
    SELECT incident_key, name, environment, unnest(services) AS service FROM said
),

names AS (
    SELECT name, service, environment, deployment_key
    FROM deployment_names
    WHERE name IN (SELECT name FROM said)
),

near AS (
    SELECT
        t.incident_key,
        n.deployment_key,
        t.environment IS NOT DISTINCT FROM n.environment AS same_environment
    FROM touched AS t
    INNER JOIN names AS n USING (service, name)
),

nearest AS (
    SELECT incident_key, max(same_environment) AS same_environment
    FROM near
    GROUP BY incident_key
),

chosen AS (
    SELECT DISTINCT n.incident_key, n.deployment_key
    FROM near AS n
    INNER JOIN nearest USING (incident_key, same_environment)
),

-- By the id alone: one source's, however many lines it deployed under it.
anywhere AS (
    SELECT name, list(deployment_key) AS deployment_keys
    FROM deployment_names
    WHERE name IN (SELECT name FROM said)
    GROUP BY name
    HAVING count(DISTINCT source) = 1
)

SELECT incident_key, deployment_key FROM chosen
UNION ALL
SELECT s.incident_key, unnest(coalesce(a.deployment_keys, [NULL]))
FROM said AS s
LEFT JOIN anywhere AS a USING (name)
WHERE s.incident_key NOT IN (SELECT incident_key FROM chosen)
