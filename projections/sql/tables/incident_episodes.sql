-- R12: the intervals in which an incident impaired something, one row each. The first begins when
-- it started, else when it was noticed, else when it was told of; a reopened one begins another. An
-- interval ends when the service worked again, and only where nobody says so when the ticket was
-- closed; one that was never ended lasts until it began again.
WITH numbered AS (
    SELECT
        *,
        source || ' ' || incident AS incident_key,
        count(*) FILTER (WHERE what = 'reopened') OVER (
            PARTITION BY source, incident
            ORDER BY occurred_at, position
            ROWS UNBOUNDED PRECEDING
        ) AS episode
    FROM incident_facts
    WHERE source IS NOT NULL AND incident IS NOT NULL AND occurred_at IS NOT NULL
),

-- Any event may tell when the incident started, also a later one; of these the last one holds.
begun AS (
    SELECT
        incident_key,
        coalesce(
            arg_max(started_at, position),
            arg_max(detected_at, position),
            min(occurred_at) FILTER (WHERE what = 'opened')
        ) AS started_at
    FROM numbered
    WHERE what <> 'reopened'
    GROUP BY incident_key
),

told AS (
    SELECT
        incident_key,
        episode,
        -- Each reopening begins another episode: there is no second one in it.
        any_value(occurred_at) FILTER (WHERE what = 'reopened') AS reopened_at,
        any_value(started_at) FILTER (WHERE what = 'reopened') AS restarted_at,
        arg_max(coalesce(restored_at, occurred_at), position)
            FILTER (WHERE restored_at IS NOT NULL OR what = 'restored') AS restored_at,
        arg_max(coalesce(resolved_at, occurred_at), position)
            FILTER (WHERE resolved_at IS NOT NULL OR what = 'resolved') AS resolved_at
    FROM numbered
    GROUP BY incident_key, episode
),

placed AS (
    SELECT
        t.* EXCLUDE (reopened_at, restarted_at),
        CASE
            WHEN t.reopened_at IS NULL THEN b.started_at
            -- Tools repeat the first start with every event.
            WHEN t.restarted_at > lag(coalesce(t.restored_at, t.resolved_at)) OVER w
                THEN t.restarted_at
            ELSE t.reopened_at
        END AS started_at
    FROM told AS t
    LEFT JOIN begun AS b USING (incident_key)
    WINDOW w AS (PARTITION BY t.incident_key ORDER BY t.episode)
)

SELECT
    incident_key,
    episode,
    started_at,
    restored_at,
    resolved_at,
    coalesce(
        restored_at,
        resolved_at,
        lead(started_at) OVER (PARTITION BY incident_key ORDER BY episode)
    ) AS ended_at,
    FALSE AS derived
FROM placed
UNION ALL BY NAME
SELECT
    incident_key,
    episode,
    started_at,
    ended_at AS restored_at,
    CAST(NULL AS TIMESTAMPTZ) AS resolved_at,
    ended_at,
    TRUE AS derived
FROM alert_incidents
