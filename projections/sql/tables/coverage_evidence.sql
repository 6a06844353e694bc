-- What shows, up to the instant `at`, that a service is covered by something.
SELECT *
FROM capability_evidence
WHERE seen_at <= (SELECT p.at FROM parameters AS p)
