-- What the newest snapshots up to `at` show of each service in each environment.
WITH seen AS (
    SELECT position, environment, occurred_at, assurance, unnest(running) AS one
    FROM snapshots_at
)

SELECT
    one.service || '@' || replace(replace(environment, '%', '%25'), '@', '%40') AS line,
    one.service AS service,
    environment,
    min(occurred_at) AS seen_at,
    list_sort(list(DISTINCT one.digest) FILTER (WHERE one.digest IS NOT NULL)) AS digests,
    list_sort(list(DISTINCT one.image) FILTER (WHERE one.image IS NOT NULL)) AS images,
    list_sort(list(DISTINCT one.config) FILTER (WHERE one.config IS NOT NULL)) AS configs,
    list_sort(list_distinct(flatten(list(coalesce(one.revisions, []))))) AS revisions,
    list_sort(list(DISTINCT one.site) FILTER (WHERE one.site IS NOT NULL)) AS sites,
    -- Without its digest, a row says that something runs, not what.
    count(*) FILTER (WHERE one.digest IS NULL) AS without_digest,
    CAST(sum(one.replicas) AS BIGINT) AS replicas,
    CAST(sum(one.ready) AS BIGINT) AS ready,
    arg_min(assurance, list_position(
        ['imported', 'asserted', 'observed', 'decided'], assurance
    )) AS assurance,
    list_sort(list(DISTINCT position)) AS positions
FROM seen
WHERE one.service IS NOT NULL
GROUP BY one.service, environment
