-- SEC-03: is each reading of a secret somebody's, and under a grant?
-- Every reading that gave the secret, of production or of an environment that nobody names. Who
-- read must be known, as a person or one workload; root's rights are nobody's own. What allowed it
-- is a policy of the store, a job or a ticket. Not judged: whether a workload has an owner.
-- A reading that is not satisfied is an item of its own; those that are, are one item a secret.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'SEC-03'
),

readings AS (
    SELECT s.*, least(s.occurred_at, s.recorded_at) AS read_at
    FROM secret_facts AS s
    LEFT JOIN environments AS e
        ON s.environment = e.environment
        AND s.occurred_at >= e.effective_from AND s.occurred_at < e.effective_until
    CROSS JOIN parameters AS p
    WHERE s.what = 'accessed' AND coalesce(s.outcome, 'success') = 'success'
        AND (s.environment IS NULL OR coalesce(e.tier, 'production') = 'production')
        AND coalesce(least(s.occurred_at, s.recorded_at), s.recorded_at) >= p.window_from
        AND coalesce(least(s.occurred_at, s.recorded_at), s.recorded_at) < p.window_to
),

judged AS (
    SELECT
        q.variant,
        r.*,
        CASE
            WHEN r.redacted THEN {'level': 2, 'reason': 'its bytes were redacted'}
            WHEN coalesce(r.accessor, r.actor, r.workload) IS NULL
                THEN {'level': 1, 'reason': 'nobody knows who read it'}
            WHEN list_contains(r.policies, 'root')
                THEN {'level': 1, 'reason': 'read with the rights of root'}
            WHEN coalesce(len(r.policies), 0) = 0 AND coalesce(r.run, r.ticket) IS NULL
                THEN {'level': 2, 'reason': 'nobody says under which grant or for what'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], r.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE {'level': 4, 'reason': 'read by somebody, under a grant'}
        END AS word
    FROM asked AS q
    CROSS JOIN readings AS r
),

told AS (
    SELECT
        variant,
        'reading ' || position AS item_key,
        'reading' AS item,
        service,
        environment,
        read_at AS occurred_at,
        word,
        assurance,
        [position] AS positions
    FROM judged
    WHERE word.level < 4
    UNION ALL BY NAME
    SELECT
        variant,
        'readings of ' || secret_key AS item_key,
        'readings of a secret' AS item,
        any_value(service) AS service,
        any_value(environment) AS environment,
        max(read_at) AS occurred_at,
        word,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance,
        list_distinct([min(position), max(position)]) AS positions
    FROM judged
    WHERE word.level = 4
    GROUP BY variant, secret_key, word
)

SELECT
    variant,
    item_key,
    item,
    service,
    environment,
    CAST([] AS VARCHAR[]) AS artifacts,
    occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][word.level] AS outcome,
    word.reason AS reason,
    assurance,
    positions
FROM told
