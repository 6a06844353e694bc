-- CHG-05: does every deployed digest trace to reviewed source: a verified provenance of a builder
-- that is trusted, a commit, and a change that was reviewed? What a review approves is the state
-- that was merged: a commit on the way there may hold what no reviewer saw any more.
WITH asked AS (
    SELECT
        variant,
        from_json(parameters -> '$.trusted_builders', '["VARCHAR"]') AS trusted,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'CHG-05'
),

-- The best of the merged changes that its commit belongs to.
sources AS (
    SELECT
        s.artifact,
        any_value(s.commit) AS commit,
        any_value(s.commits) AS commits,
        any_value(s.position) AS position,
        max(CASE
            WHEN w.review = 'reviewed' AND s.commit IN (m.head, m.merge_commit) THEN 4
            ELSE list_position(['unreviewed', 'doubtful', 'reviewed'], w.review)
        END) AS review,
        max(list_position(['imported', 'asserted', 'observed', 'decided'], w.assurance)) AS strength,
        list_distinct(flatten(coalesce(
            list(w.positions) FILTER (WHERE w.positions IS NOT NULL), []
        ))) AS positions
    FROM artifact_sources AS s
    LEFT JOIN change_commits AS c USING (commit)
    LEFT JOIN reviewed_changes AS w USING (change_key)
    LEFT JOIN merged_changes AS m USING (change_key)
    GROUP BY s.artifact
),

judged AS (
    SELECT
        q.variant,
        d.*,
        o.strength AS origin_strength,
        s.strength AS review_strength,
        list_concat(
            coalesce(o.positions, []), coalesce(s.positions, []),
            CASE WHEN s.position IS NULL THEN [] ELSE [s.position] END
        ) AS evidence,
        CASE
            WHEN d.artifact IS NULL THEN 'nobody says which digest was deployed'
            WHEN s.commit IS NULL AND (SELECT count(*) FROM artifact_sources) = 0
                THEN 'this ledger knows of no build at all'
            WHEN s.commit IS NULL THEN 'violated: nobody says what it was built from'
            WHEN len(s.commits) > 1 THEN 'it is said to be built from several commits'
            WHEN o.is_refuted THEN 'violated: its provenance did not verify'
            WHEN o.is_verified AND len(q.trusted) > 0 AND NOT o.names_builder
                THEN 'nobody says who built it'
            WHEN o.is_verified AND len(q.trusted) > 0 AND NOT list_has_all(q.trusted, o.builders)
                THEN 'violated: built by an unexpected builder'
            WHEN o.is_verified AND o.strength < q.least THEN 'the assurance of its provenance is too low'
            WHEN o.is_verified AND s.review = 4 AND s.strength < q.least
                THEN 'the assurance of the review is too low'
            WHEN o.is_verified AND s.review = 4
                THEN 'satisfied: verified, and from a reviewed change'
            WHEN (SELECT count(*) FROM provenance) = 0
                THEN 'this ledger knows of no provenance at all'
            WHEN o.is_unsigned AND NOT o.is_verified THEN 'violated: its provenance is not signed'
            WHEN o.of_unknown_statement AND NOT o.is_verified
                THEN 'nobody says what was verified of it'
            WHEN o.is_described AND NOT o.is_verified THEN 'nobody has verified its provenance'
            WHEN o.is_verified IS NOT TRUE THEN 'violated: without provenance'
            WHEN (SELECT count(*) FROM change_merges) = 0
                THEN 'this ledger knows of no proposed change at all'
            WHEN s.review = 3 THEN 'what was reviewed of its change is another commit'
            WHEN s.review = 2 THEN 'nothing shows that its change was reviewed'
            WHEN s.review = 1 THEN 'violated: its change was not reviewed'
            ELSE 'violated: its commit came without a change'
        END AS verdict
    FROM asked AS q
    CROSS JOIN deployed_digests AS d
    LEFT JOIN digest_origins AS o USING (item_key)
    LEFT JOIN sources AS s USING (artifact)
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
        list_position(['imported', 'asserted', 'observed', 'decided'], assurance),
        origin_strength, review_strength
    )] AS assurance,
    list_concat(positions, evidence) AS positions
FROM judged
