-- R6: repositories that hold only what is deployed of a service, and from when to when.
SELECT service, effective_from, effective_until, used.repository
FROM (
    SELECT service, effective_from, effective_until, unnest(repositories) AS used
    FROM service_registrations
)
WHERE used.role = 'manifests'
