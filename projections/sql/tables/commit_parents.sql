-- The known history, for the walk from a deployment's commit back (`contained`).
SELECT commit, parents
FROM commits
WHERE len(parents) > 0
