-- ACC-04: is every actor one person or one workload?
-- Whoever sends is authenticated and has an id of its own; a step that only a person can do names
-- one. Satisfied events are one item a type (see event_items). Not judged: whether an account is
-- shared by several people, or a workload has an owner, which nothing tells.
SELECT * EXCLUDE (test) FROM event_items WHERE test = 'ACC-04'
