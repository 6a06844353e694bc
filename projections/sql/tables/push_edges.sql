-- What a push says of history: one row a commit that a branch moved to. Code hosts tell no parents
-- of what is pushed. But the commits of a push are contained in the one that the branch moved to,
-- and so is the one that it moved from, unless it was forced.
WITH moved AS (
    SELECT
        repository,
        after AS commit,
        [
            one
            FOR one IN list_append(
                commits,
                CASE WHEN NOT coalesce(created, FALSE) AND coalesce(NOT forced, protected)
                    THEN before
                END
            )
            IF one <> after
        ] AS parents
    FROM ref_facts
    WHERE NOT coalesce(deleted, FALSE)
)

SELECT repository, commit, list_distinct(flatten(list(parents))) AS parents
FROM moved
WHERE len(parents) > 0
GROUP BY repository, commit
