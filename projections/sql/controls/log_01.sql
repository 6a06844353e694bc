-- LOG-01: does every event say what it must?
-- What, when, by whom, of what, and how it went; type, source, sender and the instant of recording
-- are the entry's own and always there. Who did it is the actor that the event names, else who sent
-- it. Satisfied events are one item a type (see event_items).
SELECT * EXCLUDE (test) FROM event_items WHERE test = 'LOG-01'
