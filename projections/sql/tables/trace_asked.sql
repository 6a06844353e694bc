-- What the word of the parameter `trace` names: commits, artifacts, deployments, changes, tickets.
-- A commit may be named by its first digits (seven at least), unless something else is named
-- exactly so; what is named in full need not be known. 64 digits alone are the digest of a known
-- artifact, else a commit: a repository's object ids may be as long. A change may be named without
-- the beginning of its repository's address (`acme/shop#7`, `acme/shop!7`) or by its page's.
WITH word AS (
    SELECT trace AS told, lower(trace) AS low FROM parameters WHERE trace IS NOT NULL
),

numbered AS (
    SELECT regexp_replace(told, '(/-/merge_requests/|/pulls?/|!)([0-9]+)(/[a-z]*)?$', '#\2') AS told
    FROM word
),

commit_ids AS (
    SELECT commit FROM commit_facts
    UNION ALL
    SELECT commit FROM change_facts
    UNION ALL
    SELECT merge_commit FROM change_facts
    UNION ALL
    SELECT unnest(commits) FROM change_facts
    UNION ALL
    SELECT commit FROM build_facts
    UNION ALL
    SELECT commit FROM all_deployment_facts
    UNION ALL
    SELECT unnest(commits) FROM all_deployment_facts
    UNION ALL
    SELECT commit FROM test_facts
    UNION ALL
    SELECT commit FROM scan_facts
),

tickets AS (
    SELECT ticket FROM commit_facts
    UNION ALL
    SELECT ticket FROM change_facts
    UNION ALL
    SELECT ticket FROM all_deployment_facts
    UNION ALL
    SELECT ticket FROM approval_facts
    UNION ALL
    SELECT ticket FROM incident_facts
    UNION ALL
    SELECT key FROM ticket_facts
),

bare_digests AS (
    SELECT digest
    FROM artifact_histories
    WHERE digest = (SELECT 'sha256:' || low FROM word)
),

exact AS (
    SELECT 'commit' AS kind, low AS value
    FROM word
    WHERE regexp_matches(low, '^([0-9a-f]{40}|[0-9a-f]{64})$')
        AND NOT EXISTS (SELECT 1 FROM bare_digests)
    UNION
    SELECT 'artifact', digest FROM bare_digests
    UNION
    SELECT 'artifact', low
    FROM word
    WHERE regexp_matches(low, '^[a-z0-9][a-z0-9+._-]*:[0-9a-f]{32,128}$')
    UNION
    SELECT 'deployment', deployment_key
    FROM deployments
    WHERE deployment IN (SELECT told FROM word)
    UNION
    SELECT 'deployment', deployment_key
    FROM deployments
    WHERE deployment_key IN (SELECT told FROM word)
    UNION
    SELECT 'deployment', d.deployment_key
    FROM trace_attempts AS d
    INNER JOIN word AS w ON d.deployment = w.told OR d.deployment_key = w.told
    UNION
    SELECT 'change', m.change_key
    FROM change_merges AS m
    INNER JOIN numbered AS n ON m.change_key = n.told
        OR (regexp_matches(n.told, '^[^#]+#[0-9]+$') AND ends_with(m.change_key, '/' || n.told))
    UNION
    SELECT 'ticket', ticket
    FROM tickets
    WHERE ticket IN (SELECT told FROM word)
),

-- Where this is empty no commit is looked at.
digits AS (
    SELECT low FROM word
    WHERE regexp_matches(low, '^[0-9a-f]{7,64}$') AND NOT EXISTS (SELECT 1 FROM exact)
)

SELECT kind, value FROM exact
UNION
SELECT 'commit', c.commit
FROM commit_ids AS c
INNER JOIN digits AS d ON starts_with(c.commit, d.low)
