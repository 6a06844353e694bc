-- PRV-01: is the provenance of every deployed digest as good as is wanted? Level 1 is that there is
-- one, level 2 that its signature was verified before the deployment began and that it names its
-- builder, level 3 that a verification says so: nobody can see from outside whether builds are
-- kept apart. Which builders and sources are expected is CHG-05.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.min_build_level' AS BIGINT) AS wanted,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'PRV-01'
),

judged AS (
    SELECT
        q.variant,
        d.*,
        list_max([one.strength FOR one IN o.in_time]) AS strength,
        coalesce(o.positions, []) AS evidence,
        CASE
            WHEN d.artifact IS NULL THEN 'nobody says which digest was deployed'
            WHEN (SELECT count(*) FROM provenance) = 0
                THEN 'this ledger knows of no provenance at all'
            WHEN o.is_refuted OR o.was_refuted THEN 'violated: its provenance did not verify'
            WHEN o.item_key IS NULL THEN 'violated: without provenance'
            WHEN q.wanted <= 1 AND (o.is_described OR o.is_verified)
                THEN 'satisfied: it has provenance of the level that is wanted'
            WHEN o.of_unknown_statement AND NOT o.is_verified
                THEN 'nobody says what was verified of it'
            WHEN NOT o.is_verified THEN 'violated: its provenance was never verified'
            WHEN o.all_late THEN 'violated: verified after it began'
            WHEN list_max([one.level FOR one IN o.in_time]) < q.wanted
                THEN 'violated: of a lower level than is wanted'
            WHEN NOT d.is_dated THEN 'the deployment has no time of its own'
            WHEN len(o.in_time) = 0 THEN 'nothing shows that it was verified before'
            WHEN len(strong) = 0 THEN 'the assurance of its provenance is too low'
            WHEN len([
                one FOR one IN strong
                IF one.level >= q.wanted OR (q.wanted = 2 AND one.builder IS NOT NULL)
            ]) > 0
                THEN 'satisfied: it has provenance of the level that is wanted'
            WHEN q.wanted = 2 THEN 'nobody says who built it'
            ELSE 'nobody says that it is of the level that is wanted'
        END AS verdict
    FROM asked AS q
    CROSS JOIN deployed_digests AS d
    LEFT JOIN digest_origins AS o USING (item_key),
    LATERAL (SELECT [one FOR one IN o.in_time IF one.strength >= q.least] AS strong)
)

SELECT
    variant,
    item_key,
    'artifact' AS item,
    service,
    team,
    environment,
    repository,
    [one FOR one IN [artifact] IF one IS NOT NULL] AS artifacts,
    finished_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance), strength
    )] AS assurance,
    list_concat(positions, evidence) AS positions
FROM judged
