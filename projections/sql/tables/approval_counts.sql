-- When an approval had as many grants as it requires: one row an approval that anybody granted.
-- `given_at` counts accounts, as was known at each grant. `granted_at` counts persons, however late
-- their accounts were linked, and of what is decided here none who asked for it or made it; and it
-- waits for every role that was asked for, each person standing for the one of their first grant.
WITH given AS (
    SELECT
        s.approval_key,
        s.person AS account,
        min(s.said_at) AS said_at,
        min(s.position) AS position,
        arg_min_null(f.role, s.position) AS role
    FROM approval_steps AS s
    INNER JOIN approval_facts AS f USING (position)
    WHERE s.verdict = 'granted'
    GROUP BY s.approval_key, s.person
),

concerned AS (
    SELECT s.approval_key, unnest(
        list_concat(coalesce(f.authors, []), [f.requester, f.actor, f.principal])
    ) AS account
    FROM approval_steps AS s
    INNER JOIN approval_facts AS f USING (position)
    WHERE f.what = 'requested'
),

concerned_persons AS (
    SELECT DISTINCT p.approval_key, coalesce(s.person, p.account) AS person
    FROM concerned AS p
    LEFT JOIN same_persons AS s ON p.account = s.id
),

independent AS (
    SELECT
        g.approval_key,
        coalesce(s.person, g.account) AS person,
        min(g.said_at) AS said_at,
        arg_min_null(g.role, g.position) AS role
    FROM given AS g
    LEFT JOIN same_persons AS s ON g.account = s.id
    GROUP BY ALL
),

counted AS (
    SELECT approval_key, said_at, role
    FROM independent
    ANTI JOIN concerned_persons USING (approval_key, person)
),

persons AS (
    SELECT approval_key, list(said_at ORDER BY said_at) AS grants
    FROM counted
    GROUP BY approval_key
),

roles AS (
    SELECT DISTINCT s.approval_key, unnest(f.roles) AS role
    FROM approval_steps AS s
    INNER JOIN approval_facts AS f USING (position)
    WHERE f.what = 'requested'
),

-- When each role was brought; null: never.
brought AS (
    SELECT r.approval_key, min(c.said_at) AS said_at
    FROM roles AS r
    LEFT JOIN counted AS c USING (approval_key, role)
    GROUP BY r.approval_key, r.role
),

all_brought AS (
    SELECT approval_key, CASE WHEN bool_and(said_at IS NOT NULL) THEN max(said_at) END AS said_at
    FROM brought
    GROUP BY approval_key
),

accounts AS (
    SELECT
        approval_key,
        list_sort(list(account) FILTER (WHERE account IS NOT NULL)) AS approvers,
        list(said_at ORDER BY said_at) AS grants
    FROM given
    GROUP BY approval_key
),

wanted AS (
    SELECT s.approval_key, greatest(coalesce(max(f.required), 1), 1) AS required
    FROM approval_steps AS s
    INNER JOIN approval_facts AS f USING (position)
    GROUP BY s.approval_key
)

SELECT
    a.approval_key,
    coalesce(a.approvers, []) AS approvers,
    a.grants[w.required] AS given_at,
    CASE
        WHEN b.approval_key IS NULL OR p.grants[w.required] >= b.said_at THEN p.grants[w.required]
        WHEN p.grants[w.required] IS NOT NULL THEN b.said_at
    END AS granted_at
FROM accounts AS a
INNER JOIN wanted AS w USING (approval_key)
LEFT JOIN persons AS p USING (approval_key)
LEFT JOIN all_brought AS b USING (approval_key)
