-- Which production deployments an emergency covers: those that began after it was declared and
-- before it is to be approved (72 hours, where it does not say), of what it names: a subject of
-- theirs, or, where it names no subject, their service and environment.
WITH named AS (
    SELECT
        emergency, environments, service, declared_at, positions,
        coalesce(approve_until, declared_at + INTERVAL 72 HOUR) AS until,
        unnest([
            {
                'kind': split_part(subject, ' ', 1),
                'value': CASE
                    WHEN starts_with(subject, 'release ') THEN service || ' ' || substr(subject, 9)
                    ELSE substr(subject, strpos(subject, ' ') + 1)
                END
            }
            FOR subject IN subjects
        ]) AS subject
    FROM emergencies
    WHERE len(subjects) > 0
),

placed AS (
    SELECT
        emergency, service, unnest(environments) AS environment, declared_at, positions,
        coalesce(approve_until, declared_at + INTERVAL 72 HOUR) AS until
    FROM emergencies
    WHERE len(subjects) = 0 AND service IS NOT NULL
)

SELECT DISTINCT d.deployment_key, n.emergency, n.positions
FROM named AS n
INNER JOIN deployment_subjects AS s ON n.subject.kind = s.kind AND n.subject.value = s.value
INNER JOIN production_deployments AS d USING (deployment_key)
WHERE (len(n.environments) = 0 OR list_contains(n.environments, d.environment))
    AND d.began_at >= n.declared_at AND d.began_at < n.until
UNION
SELECT d.deployment_key, p.emergency, p.positions
FROM placed AS p
INNER JOIN production_deployments AS d
    ON p.service = d.service AND p.environment = d.environment
    AND d.began_at >= p.declared_at AND d.began_at < p.until
