-- R12: incidents that a source's rule `incident_when` makes of its alerts; without such a rule an
-- alert is no incident. One row from an alert's firing to its end.
WITH rules AS (
    SELECT
        source_credential AS credential,
        arg_max(incident_when, position) AS incident_when
    FROM register_facts
    WHERE what = 'source.registered'
    GROUP BY source_credential
),

fired AS (
    SELECT a.*
    FROM alert_facts AS a
    INNER JOIN rules AS r USING (credential)
    WHERE a.what = 'alert.fired' AND a.fingerprint IS NOT NULL AND a.occurred_at IS NOT NULL
        AND len(map_entries(r.incident_when)) > 0
        AND len(list_filter(
            map_entries(r.incident_when),
            lambda rule: coalesce(
                CASE rule.key
                    WHEN 'severity' THEN a.severity
                    WHEN 'priority' THEN a.priority
                    WHEN 'rule' THEN a.rule
                    WHEN 'target' THEN a.target
                    WHEN 'service' THEN a.service
                    WHEN 'environment' THEN a.environment
                END <> rule.value,
                TRUE
            )
        )) = 0
),

ended AS (
    SELECT
        source,
        fingerprint,
        occurred_at,
        arg_min(coalesce(ended_at, occurred_at), position) AS ended_at,
        min(position) AS position
    FROM alert_facts
    WHERE what = 'alert.resolved'
    GROUP BY source, fingerprint, occurred_at
),

-- Fired again before it ended is the same firing.
firings AS (
    SELECT
        f.*,
        e.ended_at AS until,
        e.position AS end_position
    FROM fired AS f
    ASOF LEFT JOIN ended AS e
        ON f.source = e.source AND f.fingerprint = e.fingerprint AND f.occurred_at <= e.occurred_at
)

SELECT
    source || ' alert ' || fingerprint AS incident_key,
    source,
    fingerprint AS incident,
    row_number() OVER (
        PARTITION BY source, fingerprint
        ORDER BY min(coalesce(started_at, occurred_at)), min(position)
    ) AS episode,
    arg_min(service, position) AS service,
    arg_min(environment, position) AS environment,
    arg_min(severity, position) AS severity,
    min(coalesce(started_at, occurred_at)) AS started_at,
    until AS ended_at,
    list_sort([one FOR one IN list(position) || [end_position] IF one IS NOT NULL]) AS positions
FROM firings
GROUP BY source, fingerprint, until, end_position
