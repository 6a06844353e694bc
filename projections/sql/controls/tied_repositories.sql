-- The service of each repository that belongs to one alone.
SELECT value AS repository, services[1] AS service
FROM service_ties
WHERE tie = 'repository' AND len(services) = 1
