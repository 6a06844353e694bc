-- PRV-02: is there a bill of materials of every digest of every release?
-- It is kept with its hash, as every document is. One that names another digest is of something
-- else; one that names none may be of anything. Where a release names no digest, those that were
-- built from its commit are its own.
WITH asked AS (
    SELECT
        variant,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'PRV-02'
),

released AS (
    SELECT
        f.source || ' ' || f.service || '@' || coalesce(f.version, f.release) AS item_key,
        arg_max(f.service, f.position) AS service,
        arg_max(coalesce(f.version, f.release), f.position) AS version,
        arg_max(f.repository, f.position) AS repository,
        arg_max(f.commit, f.position) AS commit,
        min(least(f.occurred_at, f.recorded_at)) AS released_at,
        list_distinct(flatten(list(f.artifacts))) AS artifacts,
        arg_max(f.assurance, f.position) AS assurance,
        list(f.position ORDER BY f.position) AS positions
    FROM build_facts AS f
    WHERE f.what = 'release.created' AND f.service IS NOT NULL
    GROUP BY item_key
),

built AS (
    SELECT s.commit, list_sort(list(s.artifact)) AS artifacts
    FROM artifact_sources AS s
    GROUP BY s.commit
),

whole AS (
    SELECT
        r.* EXCLUDE (artifacts),
        CASE WHEN len(r.artifacts) > 0 THEN r.artifacts ELSE coalesce(b.artifacts, []) END AS artifacts
    FROM released AS r
    LEFT JOIN built AS b USING (commit)
    CROSS JOIN parameters AS p
    WHERE r.item_key IS NOT NULL
        AND r.released_at >= p.window_from AND r.released_at < p.window_to
),

bills AS (
    SELECT
        unnest(CASE WHEN len(artifacts) > 0 THEN artifacts ELSE [NULL] END) AS artifact,
        service, release, position,
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance) AS strength
    FROM build_facts
    WHERE sbom IS NOT NULL OR (what = 'artifact.described' AND kind = 'sbom')
),

described AS (
    SELECT
        w.item_key,
        w.artifact,
        max(b.strength) AS strength,
        arg_max(b.position, (b.strength, -b.position)) AS position
    FROM (SELECT item_key, unnest(artifacts) AS artifact FROM whole) AS w
    LEFT JOIN bills AS b ON w.artifact = b.artifact
    GROUP BY w.item_key, w.artifact
),

complete AS (
    SELECT
        item_key,
        bool_and(position IS NOT NULL) AS is_complete,
        min(strength) AS strength,
        coalesce(list(position ORDER BY position) FILTER (WHERE position IS NOT NULL), [])
            AS positions
    FROM described
    GROUP BY item_key
),

loose AS (
    SELECT service || '@' || release AS release, max(position) AS position
    FROM bills
    WHERE artifact IS NULL AND service IS NOT NULL AND release IS NOT NULL
    GROUP BY ALL
),

judged AS (
    SELECT
        q.variant,
        w.*,
        c.strength,
        list_concat(
            coalesce(c.positions, []), CASE WHEN l.position IS NULL THEN [] ELSE [l.position] END
        ) AS bill_positions,
        CASE
            WHEN c.is_complete AND c.strength < q.least
                THEN 'the assurance of the bill of materials is too low'
            WHEN c.is_complete THEN 'satisfied: a bill of materials of each digest'
            WHEN (SELECT count(*) FROM bills) = 0
                THEN 'this ledger knows of no bill of materials at all'
            WHEN l.release IS NOT NULL THEN 'its bill of materials names no digest'
            WHEN len(w.artifacts) = 0 THEN 'nobody says which digests were released'
            ELSE 'violated: without a bill of materials'
        END AS verdict
    FROM asked AS q
    CROSS JOIN whole AS w
    LEFT JOIN complete AS c USING (item_key)
    LEFT JOIN loose AS l ON w.service || '@' || w.version = l.release
)

SELECT
    variant,
    item_key,
    'release' AS item,
    service,
    CAST(NULL AS VARCHAR) AS team,
    CAST(NULL AS VARCHAR) AS environment,
    repository,
    artifacts,
    released_at AS occurred_at,
    CASE
        WHEN starts_with(verdict, 'violated: ') THEN 'violated'
        WHEN starts_with(verdict, 'satisfied: ') THEN 'satisfied'
        ELSE 'insufficient-evidence'
    END AS outcome,
    regexp_replace(verdict, '^(violated|satisfied): ', '') AS reason,
    ['imported', 'asserted', 'observed', 'decided'][least(
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance), strength
    )] AS assurance,
    list_concat(positions, bill_positions) AS positions
FROM judged
