-- R12: the intervals in which an incident impaired something, one row each. It begins when it
-- started, else when it was noticed, else when it was told of; a reopened one begins another.
-- It ends when the service worked again, and only where nobody says so when the ticket was closed.
WITH numbered AS (
    SELECT
        *,
        source || ' ' || incident AS incident_key,
        greatest(1, count(*) FILTER (WHERE what = 'reopened') OVER (
            PARTITION BY source, incident
            ORDER BY occurred_at, position
            ROWS UNBOUNDED PRECEDING
        ) + 1) AS episode
    FROM incident_facts
    WHERE incident IS NOT NULL AND occurred_at IS NOT NULL
)

SELECT
    incident_key,
    episode,
    coalesce(
        arg_max(started_at, position) FILTER (WHERE started_at IS NOT NULL),
        arg_max(detected_at, position) FILTER (WHERE detected_at IS NOT NULL),
        min(occurred_at) FILTER (WHERE what IN ('opened', 'reopened'))
    ) AS started_at,
    arg_max(
        coalesce(restored_at, occurred_at), position
    ) FILTER (WHERE restored_at IS NOT NULL OR what = 'restored') AS restored_at,
    arg_max(
        coalesce(resolved_at, occurred_at), position
    ) FILTER (WHERE resolved_at IS NOT NULL OR what = 'resolved') AS resolved_at,
    FALSE AS derived
FROM numbered
GROUP BY incident_key, episode
UNION ALL BY NAME
SELECT
    incident_key,
    episode,
    started_at,
    ended_at AS restored_at,
    CAST(NULL AS TIMESTAMPTZ) AS resolved_at,
    TRUE AS derived
FROM alert_incidents
