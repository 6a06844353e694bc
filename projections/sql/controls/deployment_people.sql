-- Who made what a production deployment brought: one row a deployment, digest (null: of the whole),
-- person and part taken. Whoever made a change made all of it; of a commit that belongs to no
-- change its authors count. `basis` as in deployment_changes.
SELECT d.deployment_key, d.artifact, d.basis, p.person, p.role, min(p.position) AS position
FROM deployment_changes AS d
INNER JOIN change_people AS p USING (change_key)
GROUP BY ALL
UNION ALL
SELECT d.deployment_key, d.artifact, d.basis, p.person, p.role, min(p.position)
FROM deployment_changes AS d
INNER JOIN commit_people AS p USING (commit)
WHERE d.change_key IS NULL AND p.role <> 'committer'
GROUP BY ALL
