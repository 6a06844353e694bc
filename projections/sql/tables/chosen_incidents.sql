-- R12, R13: the incidents that an answer is about: those of production, or of no stated environment.
-- One row an incident and group: one that touches several services stands in the group of each.
WITH chosen AS (
    SELECT
        i.*,
        -- Where one is asked for, the others that it touches are no groups of the answer.
        CASE p.group_by
            WHEN 'team' THEN CASE WHEN p.team IS NULL THEN i.teams ELSE [p.team] END
            WHEN 'service' THEN CASE WHEN p.service IS NULL THEN i.services ELSE [p.service] END
            WHEN 'repository' THEN
                CASE WHEN p.repository IS NULL THEN i.repositories ELSE [p.repository] END
            WHEN 'environment' THEN [coalesce(i.environment, '')]
        END AS group_keys
    FROM incidents AS i
    CROSS JOIN parameters AS p
    WHERE (i.tier = 'production' OR i.environment IS NULL)
        AND (p.service IS NULL OR list_contains(i.services, p.service))
        AND (p.team IS NULL OR list_contains(i.teams, p.team))
        AND (p.environment IS NULL OR i.environment = p.environment)
        AND (p.repository IS NULL OR list_contains(i.repositories, p.repository))
)

SELECT
    * EXCLUDE (group_keys),
    unnest(CASE WHEN len(group_keys) > 0 THEN group_keys ELSE [''] END) AS group_key
FROM chosen
