-- By which id a deployment of a line may be named: its own, and those under which other sources
-- report the same one (R2a). One row a line, id and source that uses it.
SELECT line, service, environment, source, deployment AS name, deployment_key, last_position
FROM deployment_lines
WHERE counts_in_line
UNION ALL
SELECT o.line, o.service, o.environment, o.source, o.deployment, c.corroborated_key, o.last_position
FROM corroborations AS c
INNER JOIN deployment_lines AS o USING (deployment_key)
WHERE c.corroborated_key IS NOT NULL
