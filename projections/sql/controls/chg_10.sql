-- CHG-10: did every snapshot of what runs show exactly what was deployed last, by the ledger? And
-- is each production environment looked at often enough to say so?
-- Digests are compared; where a deployment names none, its configuration or revision. A deployment
-- under way explains its own digests. That a service is missing altogether is not judged.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.snapshot_max_age_hours' AS BIGINT) * INTERVAL 1 HOUR AS max_age,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-10'
),

-- Level 1 violates, 2 is too little, 3 will do.
words AS (
    SELECT
        position,
        line,
        deployment_positions,
        CASE
            WHEN deployed_at IS NULL AND NOT is_under_way AND NOT is_harmed
                THEN {'level': 1, 'reason': 'runs what was never deployed there'}
            WHEN len(artifacts) > 0 AND list_has_all(list_concat(artifacts, coming), digests)
                AND without_digest > 0
                THEN {'level': 2, 'reason': 'something runs of which nobody says the digest'}
            WHEN len(artifacts) > 0 AND list_has_all(list_concat(artifacts, coming), digests) THEN
                CASE
                    WHEN config IS NOT NULL AND len(configs) > 0 AND NOT is_under_way
                        AND NOT list_contains(configs, config)
                        THEN {'level': 1, 'reason': 'runs with another configuration'}
                    WHEN NOT list_has_all(digests, artifacts) AND NOT is_under_way
                        THEN {'level': 2, 'reason': 'of what was deployed something is not seen'}
                    WHEN shown_at > looked_at
                        THEN {'level': 2, 'reason': 'its deployment was recorded afterwards'}
                    ELSE {'level': 3, 'reason': 'runs what was deployed last'}
                END
            WHEN is_harmed
                THEN {'level': 2, 'reason': 'a deployment failed there, so nobody knows what it left'}
            WHEN never_deployed AND NOT list_has_all(list_concat(coalesce(artifacts, []), coming), digests)
                AND (len(artifacts) > 0 OR deployed_at IS NULL)
                THEN {'level': 1, 'reason': 'runs what was never deployed there'}
            WHEN len(artifacts) > 0
                THEN {'level': 1, 'reason': 'runs something else than was deployed last'}
            WHEN config IS NOT NULL AND len(configs) > 0 THEN
                CASE WHEN list_contains(configs, config)
                    THEN {'level': 3, 'reason': 'runs what was deployed last'}
                    ELSE {'level': 1, 'reason': 'runs with another configuration'} END
            WHEN commit IS NOT NULL AND len(revisions) > 0 THEN
                CASE WHEN list_contains(revisions, commit)
                    THEN {'level': 3, 'reason': 'runs what was deployed last'}
                    ELSE {'level': 1, 'reason': 'runs something else than was deployed last'} END
            ELSE {'level': 2, 'reason': 'what runs and what was deployed cannot be compared'}
        END AS word
    FROM snapshot_lines
),

summed AS (
    SELECT
        position,
        min(word) AS word,
        list_distinct(flatten(list(deployment_positions))) AS positions
    FROM words
    GROUP BY position
),

looked AS (
    SELECT
        q.variant,
        'snapshot' AS item,
        concat_ws(' ', s.environment, s.position) AS item_key,
        s.environment,
        least(coalesce(s.occurred_at, s.recorded_at), s.recorded_at) AS occurred_at,
        s.assurance,
        list_append(coalesce(w.positions, []), s.position) AS positions,
        CASE
            WHEN s.redacted THEN {'level': 2, 'reason': 'what was seen is redacted'}
            WHEN w.position IS NULL THEN {'level': 2, 'reason': 'nothing was seen running'}
            WHEN w.word.level = 3 AND (
                s.occurred_at IS NULL OR coalesce(s.time_basis, 'source') NOT IN ('source', 'caller')
            ) THEN {'level': 2, 'reason': 'the snapshot has no time of its own'}
            WHEN w.word.level = 3 AND list_position(
                ['imported', 'asserted', 'observed', 'decided'], s.assurance
            ) < q.least THEN {'level': 2, 'reason': 'the assurance of the snapshot is too low'}
            ELSE w.word
        END AS word
    FROM asked AS q
    CROSS JOIN snapshot_facts AS s
    LEFT JOIN summed AS w ON s.position = w.position
),

-- Everything in production was deployed to somewhere.
deployed AS (
    SELECT environment, max(last_position) AS position, arg_max(assurance, last_position) AS assurance
    FROM production_deployments
    WHERE finished_at <= (SELECT now FROM control_now)
    GROUP BY environment
),

newest AS (
    SELECT environment, max(occurred_at) AS looked_at, arg_max(position, occurred_at) AS position
    FROM (
        SELECT
            environment, position,
            least(coalesce(occurred_at, recorded_at), recorded_at) AS occurred_at
        FROM snapshot_facts
    )
    WHERE occurred_at <= (SELECT now FROM control_now)
    GROUP BY environment
),

covered AS (
    SELECT
        q.variant,
        'environment' AS item,
        d.environment AS item_key,
        d.environment,
        n.now - INTERVAL 1 MICROSECOND AS occurred_at,
        d.assurance,
        [one FOR one IN [d.position, s.position] IF one IS NOT NULL] AS positions,
        CASE
            WHEN (SELECT count(*) FROM snapshot_facts) = 0
                THEN {'level': 2, 'reason': 'this ledger knows of no snapshot at all'}
            WHEN s.looked_at IS NULL THEN {'level': 2, 'reason': 'nobody has ever looked'}
            WHEN n.now - s.looked_at > q.max_age
                THEN {'level': 2, 'reason': 'nobody has looked for too long'}
            ELSE {'level': 3, 'reason': 'looked at lately'}
        END AS word
    FROM asked AS q
    CROSS JOIN deployed AS d
    CROSS JOIN control_now AS n
    LEFT JOIN newest AS s USING (environment)
)

SELECT
    j.variant,
    j.item_key,
    j.item,
    CAST(NULL AS VARCHAR) AS service,
    CAST(NULL AS VARCHAR) AS team,
    j.environment,
    CAST(NULL AS VARCHAR) AS repository,
    CAST([] AS VARCHAR[]) AS artifacts,
    j.occurred_at,
    ['violated', 'insufficient-evidence', 'satisfied'][j.word.level] AS outcome,
    j.word.reason AS reason,
    j.assurance,
    j.positions
FROM (SELECT * FROM looked UNION ALL BY NAME SELECT * FROM covered) AS j
WHERE j.occurred_at >= (SELECT window_from FROM parameters)
    AND j.occurred_at < (SELECT window_to FROM parameters)
