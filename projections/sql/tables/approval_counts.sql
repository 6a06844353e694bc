-- When an approval had as many grants as it requires: one row an approval that anybody granted.
-- `given_at` counts accounts, as was known at each grant. `granted_at` counts persons, however late
-- their accounts were linked, and of what is decided here none who asked for it or made it.
WITH given AS (
    SELECT approval_key, person AS account, min(said_at) AS said_at
    FROM approval_steps
    WHERE verdict = 'granted'
    GROUP BY approval_key, person
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
    SELECT g.approval_key, coalesce(s.person, g.account) AS person, min(g.said_at) AS said_at
    FROM given AS g
    LEFT JOIN same_persons AS s ON g.account = s.id
    GROUP BY ALL
),

persons AS (
    SELECT approval_key, list(said_at ORDER BY said_at) AS grants
    FROM independent
    ANTI JOIN concerned_persons USING (approval_key, person)
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
    p.grants[w.required] AS granted_at
FROM accounts AS a
INNER JOIN wanted AS w USING (approval_key)
LEFT JOIN persons AS p USING (approval_key)
