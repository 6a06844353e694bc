-- What two persons must decide together, since it changes what counts: voiding, registering
-- environments and services, linking persons, excepting from rules. One row an event, with whether
-- the ledger had two operators then, so that there was somebody to ask.
WITH acts AS (
    SELECT c.position, c.recorded_at, c.principal AS first, c.second, e.assurance
    FROM corrections AS c
    INNER JOIN all_event_facts AS e USING (position)
    WHERE c.voided IS NOT NULL
    UNION ALL
    SELECT position, recorded_at, principal, second, assurance
    FROM all_register_facts
    WHERE what <> 'source.registered' AND coalesce(basis, 'operator') = 'operator'
    UNION ALL
    SELECT position, recorded_at, principal, second, assurance FROM all_person_facts
    UNION ALL
    SELECT position, recorded_at, requester, coalesce(approver, principal), assurance
    FROM all_policy_facts
    WHERE what = 'waiver.granted'
),

tokens AS (
    SELECT
        i.position,
        i.expires,
        coalesce(s.person, i.holder) AS person,
        min(r.position) AS revoked_position
    FROM ledger_facts AS i
    LEFT JOIN ledger_facts AS r
        ON i.credential = r.credential AND r.what = 'token.revoked' AND r.position > i.position
    LEFT JOIN same_persons AS s ON i.holder = s.id
    WHERE i.what = 'token.issued' AND i.role = 'operator' AND i.holder IS NOT NULL
    GROUP BY ALL
)

SELECT
    a.*,
    coalesce(f.person, a.first) AS first_person,
    coalesce(s.person, a.second) AS second_person,
    -- Not more than the tokens of operators, of which there are few.
    coalesce(o.operators, 0) AS operators
FROM acts AS a
LEFT JOIN same_persons AS f ON a.first = f.id
LEFT JOIN same_persons AS s ON a.second = s.id
LEFT JOIN (
    SELECT a.position, count(DISTINCT t.person) AS operators
    FROM acts AS a
    INNER JOIN tokens AS t
        ON t.position < a.position AND coalesce(t.revoked_position > a.position, TRUE)
        AND coalesce(t.expires > a.recorded_at, TRUE)
    GROUP BY a.position
) AS o USING (position)
