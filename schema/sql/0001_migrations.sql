-- One ledger is one schema. Every file here runs once for each ledger, in order of its
-- number, in a transaction of its own, as the owner; afterwards its name and the SHA-256 of
-- its bytes stand in {schema}.migrations. A file that has run is never edited: a later one
-- changes what it made.
--
-- Placeholders (nothing else in braces around a lower-case word is allowed):
--   {schema}    the ledger's schema, quoted
--   {writer}    the role that appends: SELECT and INSERT, it owns nothing
--   {redactor}  the role of the redaction command: DELETE on parts and register rows
-- Where the server's administrator does not let us make roles, both stand for CURRENT_USER:
-- so GRANT to them always works, and nothing may be revoked FROM them.
--
-- Name every object with {schema}. ; nothing is found by search path. Text columns say
-- COLLATE "C". New tables belong to the owner and are closed to everybody else: grant what
-- the writer and the redactor need in the file that makes the table.
CREATE SCHEMA {schema};

GRANT USAGE ON SCHEMA {schema} TO {writer};
GRANT USAGE ON SCHEMA {schema} TO {redactor};

CREATE TABLE {schema}.migrations (
    name text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    applied_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT ON {schema}.migrations TO {writer};
GRANT SELECT ON {schema}.migrations TO {redactor};
