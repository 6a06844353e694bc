-- What is said of where digests come from: statements of provenance, verified, refuted or merely
-- written down: one row a digest and event. A statement of what a build is made of, or of tests,
-- says nothing of its origin; a summary of a verification says by its levels what was verified.
WITH told AS (
    SELECT
        unnest(artifacts) AS artifact, position, what, outcome, occurred_at, recorded_at, time_basis,
        assurance, builder, signed, verifier, commit, levels,
        CASE
            WHEN what = 'build.finished' THEN provenance IS NOT NULL
            WHEN what = 'artifact.described' THEN kind = 'provenance'
            WHEN predicate_type IS NULL THEN NULL
            ELSE regexp_matches(predicate_type, 'slsa\.dev/(provenance|verification_summary)/')
        END AS is_provenance
    FROM build_facts
    WHERE what IN ('build.finished', 'artifact.described', 'attestation.verified')
)

SELECT
    artifact,
    position,
    CASE
        WHEN what <> 'attestation.verified' THEN 'described'
        WHEN outcome = 'success' THEN 'verified'
        ELSE 'refuted'
    END AS said,
    occurred_at,
    recorded_at,
    coalesce(time_basis, 'source') IN ('source', 'caller') AND occurred_at IS NOT NULL AS is_dated,
    assurance,
    builder,
    signed,
    verifier,
    commit,
    is_provenance,
    -- Levels as SLSA's own summaries name them: SLSA_BUILD_LEVEL_3, and before that SLSA_LEVEL_3.
    list_max([
        TRY_CAST(regexp_extract(one, '^SLSA_(?:BUILD_)?LEVEL_([0-4])$', 1) AS BIGINT)
        FOR one IN levels
    ]) AS level
FROM told
WHERE is_provenance IS NOT FALSE
