-- R6: what each succeeded production deployment deployed, in the order in which they finished. A
-- commit is of the first of its deployment's rows that leads to it: of a list, of a repository that
-- has one, of one that was deployed before, and only then of one whose baseline this is.
SELECT *
FROM deployed_commits
WHERE tier = 'production'
ORDER BY
    nth, is_listed DESC, has_list DESC,
    nth = min(nth) OVER (PARTITION BY line, repository),
    commit, repository
