-- What was said of the commits of the line, with what each is in it: one row an event.
SELECT f.*, c.role
FROM commit_facts AS f
INNER JOIN trace_commits AS c USING (commit)
