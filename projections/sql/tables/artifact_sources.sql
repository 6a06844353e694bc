-- Which commit an artifact was built from: as the build says that made it, else as others repeat
-- it. `commits` are all that were told of it: more than one is a contradiction. A commit has the
-- repository of its own build, be it none: another's would be the wrong one. A build that failed
-- made nothing, whatever it names; a statement that did not verify says nothing.
SELECT
    artifact,
    arg_min(commit, (what <> 'build.finished', position)) AS commit,
    arg_min_null(repository, (what <> 'build.finished', position)) AS repository,
    arg_min(position, (what <> 'build.finished', position)) AS position,
    list_sort(list(DISTINCT commit)) AS commits
FROM (
    SELECT what, position, commit, repository, unnest(artifacts) AS artifact
    FROM build_facts
    WHERE commit IS NOT NULL
        AND (
            what NOT IN ('build.finished', 'attestation.verified')
            OR coalesce(outcome, 'success') = 'success'
        )
)
GROUP BY artifact
