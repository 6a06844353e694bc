-- The proposed changes of the line: those asked for, those that its commits are part of, and those
-- that an asked deployment was the first to bring.
WITH origins AS (
    SELECT value AS commit FROM trace_origins WHERE kind = 'commit'
    UNION
    SELECT commit FROM trace_brought
)

SELECT change_key
FROM change_commits
WHERE commit IN (SELECT commit FROM origins)
UNION
SELECT value FROM trace_origins WHERE kind = 'change'
