-- The newest snapshot of each place that was looked at, up to the instant `at`. A place is an
-- environment as one source sees it in one system, or a part of it (namespaces), at the one site
-- that all of it runs at. Where it names none or several, or has nothing to name one, it is of all
-- sites, and so is what Argo CD says, which sees several clusters at once. Where everything was
-- looked at later, older looks at parts of it count no more. A snapshot is of no later than when
-- the ledger had it, or it would hide what is seen and deployed until then.
WITH looks AS (
    SELECT
        s.position,
        s.source,
        s.environment,
        coalesce(s.system, '') AS system,
        least(s.occurred_at, s.recorded_at) AS occurred_at,
        coalesce(s.complete, FALSE) AS complete,
        len(coalesce(s.namespaces, [])) = 0 AS everywhere,
        array_to_string(list_sort(coalesce(s.namespaces, [])), ' ') AS part,
        CASE
            WHEN s.system IS DISTINCT FROM 'argocd'
                AND len(list_distinct([coalesce(one.site, '') FOR one IN s.running])) = 1
                THEN s.running[1].site
        END AS site
    FROM snapshot_facts AS s
    CROSS JOIN parameters AS p
    WHERE s.environment IS NOT NULL AND least(s.occurred_at, s.recorded_at) <= p.at
        -- What is redacted shows nothing, not that nothing runs.
        AND s.occurred_at IS NOT NULL
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY source, environment, system, part, site
            ORDER BY occurred_at DESC, position DESC
        ) AS place_of_site,
        row_number() OVER w AS place,
        min(CASE WHEN site IS NULL THEN 0 ELSE 1 END) OVER (
            w ROWS UNBOUNDED PRECEDING
        ) AS sites_alone
    FROM looks
    WINDOW w AS (
        PARTITION BY source, environment, system, part ORDER BY occurred_at DESC, position DESC
    )
),

-- The last look of all, and the last of each site that no look at all sites came after.
newest AS (
    SELECT * EXCLUDE (place_of_site, place, sites_alone)
    FROM ranked
    WHERE place = 1 OR (place_of_site = 1 AND sites_alone = 1)
),

whole AS (
    SELECT source, environment, system, site, max(occurred_at) AS occurred_at
    FROM looks
    WHERE complete AND everywhere
    GROUP BY source, environment, system, site
)

SELECT n.*, s.running, s.assurance
FROM newest AS n
-- What was seen is long: it is read of these alone.
INNER JOIN snapshot_facts AS s USING (position)
ANTI JOIN whole AS w
    ON n.source = w.source AND n.environment = w.environment AND n.system = w.system
    AND n.occurred_at < w.occurred_at AND coalesce(n.site = w.site, TRUE)
