-- Services: one row a service and span of time in which what was registered of it held.
SELECT
    service,
    team,
    criticality,
    scope,
    list_transform(repositories, lambda one: one.repository) AS repositories,
    list_transform(
        map_entries(deployment_source), lambda entry: entry.key || '=' || entry.value
    ) AS deployment_sources,
    effective_from,
    effective_until,
    position
FROM service_registrations
