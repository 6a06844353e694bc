-- Every environment that anything was said of, and what its name suggests (R1).
-- A name suggests a tier only where it is that word, or begins with it and goes on after a mark:
-- `prod-eu` is production, `preprod` and `non-prod` are not. A name that goes on with the word of
-- another tier, as `prod-dr` does, suggests none.
WITH seen AS (
    SELECT environment, position FROM all_deployment_facts WHERE environment IS NOT NULL
    UNION ALL
    SELECT environment, position FROM incident_facts WHERE environment IS NOT NULL
    UNION ALL
    -- A source's rule may make incidents of its alerts (R12).
    SELECT environment, position FROM alert_facts WHERE environment IS NOT NULL
    UNION ALL
    SELECT environment, position FROM snapshot_facts WHERE environment IS NOT NULL
    UNION ALL
    SELECT environment, position FROM register_facts
    WHERE what = 'environment.registered' AND environment IS NOT NULL
),

names AS (
    SELECT
        environment,
        min(position) AS first_position,
        lower(environment) AS name
    FROM seen
    GROUP BY environment
)

SELECT
    environment,
    first_position,
    CASE
        WHEN regexp_matches(name, '^(prod|production|prd|live)([-_/. ].*)?$')
            AND NOT regexp_matches(
                name,
                '[-_/. ](dr|disaster-recovery|standby|stage|staging|stg|uat|test|testing|tst|qa|dev'
                || '|development|sandbox|preview|review)([-_/. ]|$)'
            ) THEN 'production'
        WHEN regexp_matches(name, '^(dr|disaster-recovery|standby)([-_/. ].*)?$') THEN 'dr'
        WHEN regexp_matches(
            name,
            '^(stage|staging|stg|uat|preprod|pre-prod|pre-production|preproduction)([-_/. ].*)?$'
        ) THEN 'staging'
        WHEN regexp_matches(name, '^(test|testing|tst|qa|integration|int|ci)([-_/. ].*)?$')
            THEN 'test'
        WHEN regexp_matches(name, '^(dev|development|local|sandbox)([-_/. ].*)?$')
            THEN 'development'
        WHEN regexp_matches(name, '^(preview|review|pr|ephemeral)([-_/. ].*)?$') THEN 'preview'
    END AS tier_by_name
FROM names
