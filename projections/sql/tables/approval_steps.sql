-- What was said of each approval, step by step, in the same words whoever says it. What the ledger
-- decided has ids of its own; another tool's ids are unique at their source.
SELECT
    position,
    CASE WHEN what = 'reported' THEN source || ' ' || approval ELSE approval END AS approval_key,
    CASE
        WHEN what <> 'reported' THEN what
        WHEN verdict = 'approved' THEN 'granted'
        ELSE verdict
    END AS verdict,
    coalesce(occurred_at, recorded_at) AS said_at,
    -- Who decided, where the step is a decision; a command says it by who was authenticated.
    coalesce(
        approver, CASE WHEN what IN ('granted', 'rejected') THEN coalesce(actor, principal) END
    ) AS person,
    what <> 'reported' AS is_decided
FROM approval_facts
WHERE approval IS NOT NULL AND (what <> 'reported' OR verdict IS NOT NULL)
