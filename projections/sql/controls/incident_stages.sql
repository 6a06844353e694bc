-- What is known of the stages of each incident: when it was noticed, who took it on and when, how
-- grave it was called, by whom it was owned, when it was contained and when it was reviewed.
-- It was noticed when the first of its sources' instants says so; a later claim gains no time, and
-- nothing was noticed, and nothing ended, after the ledger heard of it.
-- Grave is what was called so before it was over, or is called so last: calling it less grave
-- afterwards spares no review. `is_unclear` where it was called by a word that may mean either.
WITH told AS (
    SELECT
        f.source || ' ' || f.incident AS incident_key,
        f.*,
        CASE
            WHEN coalesce(f.time_basis, 'source') NOT IN ('source', 'caller') THEN 'undated'
            WHEN f.recorded_at > f.occurred_at + (SELECT max_ingest_delay FROM control_settings)
                THEN 'recorded afterwards'
            ELSE 'dated'
        END AS timing,
        CASE
            WHEN regexp_full_match(
                f.word, '(emergency|urgent|highest|((sev|severity|priority|p|s)[-_ ]?)[012])'
            ) THEN TRUE
            WHEN regexp_full_match(
                f.word, '(normal|lowest|trivial|planning|((sev|severity|priority|p|s)[-_ ]?)[3-9])'
            ) THEN FALSE
            ELSE w.severity IN ('critical', 'high')
        END AS is_grave
    FROM (
        -- A number may stand before the word: `2 - High`.
        SELECT *, regexp_replace(lower(trim(severity)), '^[0-9]+ *[-–:.] *', '') AS word
        FROM incident_facts
    ) AS f
    LEFT JOIN severity_words AS w ON f.word = w.word
    WHERE f.source IS NOT NULL AND f.incident IS NOT NULL
),

staged AS (
    SELECT
        incident_key,
        min(recorded_at) AS recorded_at,
        max(recorded_at) FILTER (
            WHERE what IN ('restored', 'resolved') OR coalesce(restored_at, resolved_at) IS NOT NULL
        ) AS ended_by,
        least(min(detected_at), min(occurred_at) FILTER (WHERE what = 'opened')) AS said_at,
        arg_min(
            {'at': occurred_at, 'timing': timing, 'assurance': assurance, 'position': position},
            (occurred_at, position)
        ) FILTER (WHERE what = 'acknowledged') AS acknowledged,
        coalesce(min(contained_at), min(occurred_at) FILTER (WHERE what = 'restored'))
            AS contained_at,
        arg_max(coalesce(owner, acknowledged_by, CASE
            WHEN what = 'acknowledged' THEN actor
        END), position) AS owner,
        arg_min(assurance, list_position(
            ['imported', 'asserted', 'observed', 'decided'], assurance
        )) AS assurance
    FROM told
    GROUP BY incident_key
),

ended AS (
    SELECT
        s.incident_key,
        CASE WHEN i.ended_at IS NOT NULL THEN least(i.ended_at, s.ended_by) END AS ended_at
    FROM staged AS s
    INNER JOIN incidents AS i USING (incident_key)
    WHERE NOT i.derived
),

graded AS (
    SELECT
        t.incident_key,
        any_value(i.ended_at) AS ended_at,
        coalesce(bool_or(t.is_grave AND t.occurred_at <= i.ended_at), FALSE)
        OR coalesce(arg_max(t.is_grave, t.position), FALSE) AS is_grave,
        bool_or(t.severity IS NOT NULL AND t.is_grave IS NULL) AS is_unclear,
        arg_min(
            {'at': t.occurred_at, 'timing': t.timing, 'recorded_at': t.recorded_at,
             'assurance': t.assurance},
            (t.occurred_at, t.position)
        ) FILTER (WHERE t.what = 'assessed' AND t.reviewed AND t.occurred_at >= i.ended_at)
            AS reviewed
    FROM told AS t
    INNER JOIN ended AS i USING (incident_key)
    GROUP BY t.incident_key
)

SELECT
    s.* EXCLUDE (said_at, ended_by),
    CASE WHEN s.said_at IS NOT NULL THEN least(s.said_at, s.recorded_at) END AS detected_at,
    g.ended_at,
    g.is_grave,
    g.is_unclear,
    g.reviewed
FROM staged AS s
LEFT JOIN graded AS g USING (incident_key)
