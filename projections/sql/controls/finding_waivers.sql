-- Waivers that name rules or findings: one row a name. A finding is waived by one that names its
-- rule or fingerprint, for its service, environment and artifact or for all, while it holds.
SELECT
    w.waiver,
    named.kind AS kind,
    named.name AS name,
    w.controls,
    w.services,
    w.environments,
    w.artifacts,
    w.holds_from,
    w.holds_until,
    w.positions
FROM (
    SELECT
        *,
        unnest(list_concat(
            [{'kind': 'rule', 'name': rule} FOR rule IN rules],
            [{'kind': 'fingerprint', 'name': fingerprint} FOR fingerprint IN fingerprints]
        )) AS named
    FROM waivers
) AS w
