-- The digests of the release asked for: as whoever made it says, and as it was deployed.
WITH asked AS (
    SELECT p.release FROM parameters AS p WHERE p.release IS NOT NULL
)

SELECT DISTINCT unnest(f.artifacts) AS artifact
FROM build_facts AS f
INNER JOIN asked AS q ON f.service || '@' || coalesce(f.release, f.version) = q.release
UNION
SELECT DISTINCT unnest(d.artifacts)
FROM deployments AS d
INNER JOIN asked AS q ON d.service || '@' || d.release = q.release
