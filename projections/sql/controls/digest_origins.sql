-- The provenance of each digest that was deployed to production in the window, weighed: one row a
-- line and digest. `is_refuted` where it did not verify, and nothing as well assured verified it
-- since; `was_refuted` where that was so when the deployment began. `in_time` are the verified
-- statements of its origin that are shown to come before that. What one of them lacks no other
-- statement makes up for.
WITH weighed AS (
    SELECT
        d.item_key,
        p.*,
        p.is_dated AND p.occurred_at <= b.began_at AND (
            p.recorded_at <= b.began_at
            OR p.recorded_at <= p.occurred_at + (SELECT max_ingest_delay FROM control_settings)
        ) AS in_time,
        p.occurred_at > b.began_at AS is_late
    FROM deployed_digests AS d
    INNER JOIN deployment_beginnings AS b USING (deployment_key)
    INNER JOIN provenance AS p USING (artifact)
),

worded AS (
    SELECT
        *,
        {'at': occurred_at, 'position': position} AS word,
        max({'at': occurred_at, 'position': position}) FILTER (WHERE said = 'verified')
            OVER as_good AS verified_by,
        max({'at': occurred_at, 'position': position}) FILTER (WHERE said = 'verified' AND in_time)
            OVER as_good AS verified_in_time_by
    FROM weighed
    WINDOW as_good AS (
        PARTITION BY item_key
        ORDER BY list_position(['imported', 'asserted', 'observed', 'decided'], assurance) DESC
        RANGE UNBOUNDED PRECEDING
    )
)

SELECT
    item_key,
    bool_or(said = 'refuted' AND coalesce(word > verified_by, TRUE)) AS is_refuted,
    bool_or(said = 'refuted' AND NOT is_late AND coalesce(word > verified_in_time_by, TRUE))
        AS was_refuted,
    bool_or(said = 'verified' AND coalesce(is_provenance, FALSE)) AS is_verified,
    bool_or(said = 'verified' AND is_provenance IS NULL) AS of_unknown_statement,
    bool_and(is_late) FILTER (WHERE said = 'verified') AS all_late,
    bool_or(said = 'described') AS is_described,
    bool_or(signed = FALSE) FILTER (WHERE said = 'described') AS is_unsigned,
    coalesce(
        list_sort(list(DISTINCT builder) FILTER (WHERE builder IS NOT NULL AND is_provenance)), []
    ) AS builders,
    coalesce(bool_or(builder IS NOT NULL) FILTER (WHERE said = 'verified' AND is_provenance), FALSE)
        AS names_builder,
    max(list_position(['imported', 'asserted', 'observed', 'decided'], assurance))
        FILTER (WHERE said = 'verified' AND is_provenance) AS strength,
    coalesce(list({
        'level': level, 'builder': builder,
        'strength': list_position(['imported', 'asserted', 'observed', 'decided'], assurance)
    }) FILTER (WHERE said = 'verified' AND is_provenance AND in_time), []) AS in_time,
    list(position ORDER BY position) AS positions
FROM worded
GROUP BY item_key
