-- VUL-03: are exceptions granted by somebody else than who asked for them, with an end?
-- Every waiver that held in the window. Accounts of one person are one person. Not judged: why, and
-- what is done instead, since these texts are sealed; and what a waiver is relied on for after its
-- end, which VUL-01, VUL-02 and each other test say of what they judge.
WITH asked AS (
    SELECT
        variant,
        CAST(parameters ->> '$.max_exception_days' AS BIGINT) * INTERVAL 1 DAY AS longest,
        list_position(
            ['imported', 'asserted', 'observed', 'decided'], parameters ->> '$.least_assurance'
        ) AS least
    FROM control_variants
    WHERE test = 'VUL-03'
),

granted AS (
    SELECT
        w.*,
        coalesce(r.person, w.requester) AS asker,
        coalesce(a.person, w.approver) AS decider,
        f.assurance
    FROM waivers AS w
    INNER JOIN policy_facts AS f ON w.positions[1] = f.position
    LEFT JOIN same_persons AS r ON w.requester = r.id
    LEFT JOIN same_persons AS a ON w.approver = a.id
),

told AS (
    SELECT
        q.variant,
        g.*,
        CASE
            WHEN g.requester IS NULL THEN {'level': 1, 'reason': 'nobody says who asked for it'}
            WHEN g.approver IS NULL OR starts_with(g.approver, 'wkl_')
                THEN {'level': 1, 'reason': 'no person granted it'}
            WHEN g.asker = g.decider
                THEN {'level': 1, 'reason': 'granted by the person who asked for it'}
            WHEN g.expires_at IS NULL THEN {'level': 1, 'reason': 'it has no end'}
            WHEN g.expires_at <= g.granted_at THEN {'level': 1, 'reason': 'granted after its end'}
            WHEN g.expires_at > g.granted_at + q.longest
                THEN {'level': 1, 'reason': 'it lasts longer than its limit'}
            WHEN list_position(['imported', 'asserted', 'observed', 'decided'], g.assurance) < q.least
                THEN {'level': 2, 'reason': 'it is too weakly assured'}
            ELSE {'level': 4, 'reason': 'granted by somebody else, with an end'}
        END AS word
    FROM asked AS q
    CROSS JOIN granted AS g
)

SELECT
    t.variant,
    t.waiver AS item_key,
    'waiver' AS item,
    CASE WHEN len(t.services) = 1 THEN t.services[1] END AS service,
    CASE WHEN len(t.environments) = 1 THEN t.environments[1] END AS environment,
    t.artifacts,
    greatest(t.granted_at, p.window_from) AS occurred_at,
    ['violated', 'insufficient-evidence', NULL, 'satisfied'][t.word.level] AS outcome,
    t.word.reason AS reason,
    t.assurance,
    t.positions
FROM told AS t
CROSS JOIN parameters AS p
WHERE t.granted_at < p.window_to AND coalesce(t.holds_until >= p.window_from, TRUE)
