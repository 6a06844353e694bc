-- Records of rights, secrets, releases, waivers, weaknesses, people and clocks that may have been
-- voided: one row an event, under the item that it would be. Of what several events tell, such as a
-- waiver, only what no other one of them holds up.
SELECT
    CASE what WHEN 'access.elevated' THEN 'extraordinary access' ELSE what END AS item,
    CASE what WHEN 'access.elevated' THEN 'access ' ELSE 'right ' END || position AS item_key,
    service, environment, repository,
    least(occurred_at, recorded_at) AS occurred_at, assurance, position
FROM all_access_facts
WHERE what IN ('access.elevated', 'access.granted', 'access.revoked')
UNION ALL
SELECT
    'breach', concat_ws(' ', source, incident, position), service, environment, NULL,
    least(occurred_at, recorded_at), assurance, position
FROM all_incident_facts
WHERE (notifiable OR (what = 'opened' AND category = 'privacy')) AND incident IS NOT NULL
UNION ALL
SELECT
    'waiver', id, service, environment, repository, recorded_at, assurance, position
FROM all_policy_facts
WHERE what = 'waiver.granted' AND id NOT IN (SELECT waiver FROM waivers)
UNION ALL
SELECT
    'release', source || ' ' || service || '@' || coalesce(version, release), service, NULL,
    repository, least(occurred_at, recorded_at), assurance, position
FROM all_build_facts AS f
ANTI JOIN (SELECT source, service, version, release FROM build_facts WHERE what = 'release.created')
    AS b ON f.source = b.source AND f.service = b.service
    AND coalesce(f.version, f.release) = coalesce(b.version, b.release)
WHERE what = 'release.created' AND coalesce(version, release) IS NOT NULL
UNION ALL
SELECT
    'scan for secrets', 'scan ' || position, service, environment, repository,
    least(occurred_at, recorded_at), assurance, position
FROM all_scan_facts
WHERE kind = 'secret'
UNION ALL
SELECT
    'scan with findings', 'scan ' || position, service, environment, repository,
    least(occurred_at, recorded_at), assurance, position
FROM all_scan_facts
WHERE kind IS DISTINCT FROM 'baseline' AND findings IS NOT NULL
UNION ALL
SELECT
    'reading', 'reading ' || s.position, s.service, s.environment, s.repository,
    least(s.occurred_at, s.recorded_at), s.assurance, s.position
FROM all_secret_facts AS s
LEFT JOIN environments AS e
    ON s.environment = e.environment
    AND s.occurred_at >= e.effective_from AND s.occurred_at < e.effective_until
WHERE s.what = 'accessed' AND coalesce(s.outcome, 'success') = 'success'
    AND (s.environment IS NULL OR coalesce(e.tier, 'production') = 'production')
UNION ALL
SELECT
    CASE what
        WHEN 'deficiency.opened' THEN 'deficiency'
        WHEN 'record.disposed' THEN 'disposal'
        ELSE 'request to be forgotten'
    END,
    CASE what
        WHEN 'deficiency.opened' THEN 'deficiency ' || deficiency
        WHEN 'record.disposed' THEN 'disposal ' || position
        ELSE 'request ' || position
    END,
    NULL, NULL, NULL, recorded_at, assurance, position
FROM all_governance_facts
WHERE what IN ('record.disposed', 'erasure.requested') OR (
    what = 'deficiency.opened' AND deficiency NOT IN (
        SELECT deficiency FROM governance_facts WHERE what = 'deficiency.opened'
    )
)
UNION ALL
SELECT
    'check of a clock', 'clock ' || position, NULL, NULL, NULL, recorded_at, assurance, position
FROM all_ledger_facts
WHERE what = 'clock.checked'
