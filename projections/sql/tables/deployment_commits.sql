-- R6: what each succeeded production deployment deployed, in the order in which they finished.
SELECT *
FROM deployed_commits
WHERE tier = 'production'
ORDER BY nth, is_listed DESC, commit, repository
