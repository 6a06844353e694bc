-- What each runtime snapshot shows of each service, beside what was deployed there last, and what
-- was under way: one row a snapshot and line. A snapshot is of no later than when the ledger had
-- it.
WITH looks AS (
    SELECT
        position,
        environment,
        least(coalesce(occurred_at, recorded_at), recorded_at) AS looked_at,
        unnest(running) AS one
    FROM snapshot_facts
    WHERE environment IS NOT NULL
),

seen AS (
    SELECT
        position,
        any_value(environment) AS environment,
        any_value(looked_at) AS looked_at,
        one.service AS service,
        one.service || '@' || replace(replace(environment, '%', '%25'), '@', '%40') AS line,
        coalesce(list_sort(list(DISTINCT one.digest) FILTER (WHERE one.digest IS NOT NULL)), [])
            AS digests,
        coalesce(list(DISTINCT one.config) FILTER (WHERE one.config IS NOT NULL), []) AS configs,
        list_distinct(flatten(list(coalesce(one.revisions, [])))) AS revisions,
        count(*) FILTER (WHERE one.digest IS NULL) AS without_digest
    FROM looks
    WHERE one.service IS NOT NULL
    GROUP BY position, one.service, line
),

successes AS (
    SELECT d.line, d.finished_at, d.artifacts, d.config, d.commit, d.positions, e.shown_at
    FROM deployments AS d
    INNER JOIN deployment_ends AS e USING (deployment_key)
    WHERE d.succeeded AND d.counts_in_line
),

-- What goes on or went wrong leaves there what nobody can tell.
attempts AS (
    SELECT d.line, d.finished_at, b.began_at, d.artifacts
    FROM deployments AS d
    INNER JOIN deployment_beginnings AS b USING (deployment_key)
    WHERE d.counts_in_line
),

harms AS (
    SELECT line, finished_at FROM deployments WHERE counts_in_line AND harmed_at IS NOT NULL
),

-- From when on each digest had been deployed to a line at all.
ever AS (
    SELECT line, artifact, min(finished_at) AS first_at
    FROM (SELECT line, finished_at, unnest(artifacts) AS artifact FROM successes)
    GROUP BY ALL
),

digests AS (
    SELECT
        s.position,
        s.line,
        bool_or(e.first_at IS NULL OR e.first_at > s.looked_at) AS never_deployed
    FROM (SELECT position, line, looked_at, unnest(digests) AS artifact FROM seen) AS s
    LEFT JOIN ever AS e USING (line, artifact)
    GROUP BY s.position, s.line
)

SELECT
    s.*,
    l.finished_at AS deployed_at,
    l.artifacts,
    l.config,
    l.commit,
    l.shown_at,
    coalesce(l.positions, []) AS deployment_positions,
    coalesce(n.began_at <= s.looked_at, FALSE) AS is_under_way,
    CASE WHEN n.began_at <= s.looked_at THEN n.artifacts ELSE [] END AS coming,
    coalesce(h.finished_at > l.finished_at OR (h.line IS NOT NULL AND l.line IS NULL), FALSE)
        AS is_harmed,
    coalesce(g.never_deployed, FALSE) AS never_deployed
FROM seen AS s
ASOF LEFT JOIN successes AS l ON s.line = l.line AND s.looked_at >= l.finished_at
ASOF LEFT JOIN attempts AS n ON s.line = n.line AND s.looked_at < n.finished_at
ASOF LEFT JOIN harms AS h ON s.line = h.line AND s.looked_at >= h.finished_at
LEFT JOIN digests AS g ON s.position = g.position AND s.line = g.line
