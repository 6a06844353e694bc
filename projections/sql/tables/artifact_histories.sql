-- What is known of artifacts at any time: one row a digest that anything was said of: where it
-- comes from, what was done with it, where it went.
WITH told AS (
    SELECT
        unnest(artifacts) AS artifact, position, what, service, outcome, kind, builder, run,
        occurred_at, sbom, provenance, signed, name
    FROM build_facts
),

-- A failed build names nothing that exists.
described AS (
    SELECT
        artifact,
        list(position ORDER BY position)
            FILTER (WHERE what = 'build.finished' AND coalesce(outcome, 'success') = 'success')
            AS build_positions,
        min(occurred_at)
            FILTER (WHERE what = 'build.finished' AND coalesce(outcome, 'success') = 'success')
            AS built_at,
        arg_min(builder, position) AS builder,
        arg_min(run, position)
            FILTER (WHERE what = 'build.finished' AND coalesce(outcome, 'success') = 'success')
            AS run,
        arg_min(name, position) AS name,
        min(occurred_at) FILTER (WHERE what = 'artifact.published') AS published_at,
        list(position ORDER BY position) FILTER (WHERE what = 'artifact.published')
            AS published_positions,
        list(position ORDER BY position) FILTER (WHERE what = 'artifact.signed' OR signed)
            AS signature_positions,
        list(position ORDER BY position)
            FILTER (WHERE what = 'attestation.verified' AND outcome = 'success')
            AS verified_positions,
        list(position ORDER BY position)
            FILTER (WHERE what = 'attestation.verified' AND outcome <> 'success')
            AS refuted_positions,
        list(position ORDER BY position)
            FILTER (WHERE (what = 'artifact.described' AND kind = 'sbom') OR sbom IS NOT NULL)
            AS sbom_positions,
        list(position ORDER BY position) FILTER (
            WHERE (what = 'artifact.described' AND kind = 'provenance') OR provenance IS NOT NULL
        ) AS provenance_positions,
        list(position ORDER BY position) FILTER (WHERE what = 'release.created')
            AS release_positions
    FROM told
    GROUP BY artifact
),

tested AS (
    SELECT artifact, list(position ORDER BY position) AS positions
    FROM test_facts
    WHERE artifact IS NOT NULL
    GROUP BY artifact
),

scanned AS (
    SELECT
        artifact,
        list(position ORDER BY position) AS positions,
        list_sort(list(DISTINCT kind) FILTER (WHERE kind IS NOT NULL)) AS kinds,
        max(occurred_at) AS scanned_at
    FROM scan_facts
    WHERE artifact IS NOT NULL
    GROUP BY artifact
),

deployed AS (
    SELECT
        artifact,
        list_sort(list(DISTINCT environment)) AS environments,
        min(finished_at) FILTER (WHERE tier = 'production') AS production_at,
        list(deployment_key ORDER BY finished_at, deployment_key) AS deployment_keys
    FROM (
        SELECT unnest(artifacts) AS artifact, environment, tier, finished_at, deployment_key
        FROM deployments
        WHERE succeeded AND counts_in_line
    )
    GROUP BY artifact
),

known AS (
    SELECT artifact FROM described
    UNION
    SELECT artifact FROM tested
    UNION
    SELECT artifact FROM scanned
    UNION
    SELECT artifact FROM deployed
)

SELECT
    k.artifact AS digest,
    d.name,
    coalesce(t.services, []) AS services,
    s.repository,
    s.commit,
    s.position AS commit_position,
    coalesce(s.commits, []) AS commits,
    d.built_at,
    d.builder,
    d.run,
    coalesce(d.build_positions, []) AS build_positions,
    d.published_at,
    coalesce(d.published_positions, []) AS published_positions,
    coalesce(d.release_positions, []) AS release_positions,
    coalesce(d.signature_positions, []) AS signature_positions,
    coalesce(d.verified_positions, []) AS verified_positions,
    coalesce(d.refuted_positions, []) AS refuted_positions,
    coalesce(d.sbom_positions, []) AS sbom_positions,
    coalesce(d.provenance_positions, []) AS provenance_positions,
    coalesce(e.positions, []) AS test_positions,
    coalesce(c.kinds, []) AS scan_kinds,
    c.scanned_at,
    coalesce(c.positions, []) AS scan_positions,
    coalesce(y.environments, []) AS environments,
    y.production_at,
    coalesce(y.deployment_keys, []) AS deployment_keys
FROM known AS k
LEFT JOIN described AS d USING (artifact)
LEFT JOIN artifact_sources AS s USING (artifact)
LEFT JOIN service_ties AS t ON t.tie = 'artifact' AND t.value = k.artifact
LEFT JOIN tested AS e USING (artifact)
LEFT JOIN scanned AS c USING (artifact)
LEFT JOIN deployed AS y USING (artifact)
-- Who asks for the newest then reads no more than these.
ORDER BY d.built_at DESC
