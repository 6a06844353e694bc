-- Which commits a production deployment brought, and the proposed changes they belong to: what it
-- names and what its digests were built from (`basis` subject), and what of their history was not
-- on its line before (`basis` history). Of the first deployment of a line and repository only what
-- it lists itself is history: what stood there before, nobody says.
WITH firsts AS (
    SELECT line, repository, min(nth) AS nth FROM deployment_commits GROUP BY line, repository
),

brought AS (
    SELECT deployment_key, artifact, value AS commit, 'subject' AS basis
    FROM deployment_subjects
    WHERE kind = 'commit'
    UNION
    SELECT c.deployment_key, NULL, c.commit, 'history'
    FROM contained AS c
    INNER JOIN (SELECT DISTINCT deployment_key, nth FROM deployment_commits) AS d
        USING (deployment_key)
    INNER JOIN firsts AS f USING (line, repository)
    WHERE c.is_listed OR d.nth > f.nth
)

SELECT
    b.deployment_key,
    b.artifact,
    b.commit,
    b.basis,
    c.change_key
FROM brought AS b
LEFT JOIN change_commits AS c USING (commit)
