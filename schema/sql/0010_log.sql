-- The log itself. Nothing here is ever changed or removed: triggers see to it for every role,
-- and the writing role owns nothing that it could switch them off with.
CREATE TABLE {schema}.entries (
    pos bigint PRIMARY KEY CHECK (pos >= 1),
    -- When it was sequenced, and when it happened as its sender claims (NULL: not claimed).
    at timestamptz NOT NULL,
    time timestamptz,
    type text COLLATE "C" NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    entry bytea NOT NULL CHECK (octet_length(entry) <= 65535)
);
CREATE INDEX entries_type ON {schema}.entries (type, pos);
CREATE INDEX entries_time ON {schema}.entries (time);

-- Streams stand here too, as `stream:<name>` with the event's number in the stream.
CREATE TABLE {schema}.tags (
    tag text COLLATE "C" NOT NULL,
    pos bigint NOT NULL,
    sn bigint,
    PRIMARY KEY (tag, pos)
);

-- Full tiles of 256 hashes (C2SP tlog-tiles); partial ones are derived from the leaves.
CREATE TABLE {schema}.tiles (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 63),
    idx bigint NOT NULL CHECK (idx >= 0),
    hashes bytea NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (level, idx)
);

-- What was published. A row is there only after the guard took its note.
CREATE TABLE {schema}.checkpoints (
    size bigint PRIMARY KEY CHECK (size >= 1),
    note bytea NOT NULL
);

-- The bytes that entries commit to: the one table of the log from which rows may go.
-- body NULL: the bytes lie in the document store under their commitment.
-- persons: whose keys seal the body; NULL: it lies there in clear.
CREATE TABLE {schema}.parts (
    pos bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    salt bytea NOT NULL,
    body bytea,
    persons text[] COLLATE "C",
    PRIMARY KEY (pos, name)
);
CREATE INDEX parts_persons ON {schema}.parts USING gin (persons) WHERE persons IS NOT NULL;

-- Outside the log: what was delivered before, by keyed digests only.
CREATE TABLE {schema}.deliveries (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    mac bytea NOT NULL CHECK (octet_length(mac) = 32),
    pos bigint NOT NULL
);

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.entries
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.tags
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
-- A part may be removed whole, never replaced.
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON {schema}.parts
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();

-- ALWAYS: a session that plays replica (session_replication_role) is stopped as well.
ALTER TABLE {schema}.entries ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {schema}.tags ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {schema}.tiles ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {schema}.checkpoints ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {schema}.parts ENABLE ALWAYS TRIGGER append_only;

GRANT SELECT, INSERT ON {schema}.entries, {schema}.tags, {schema}.tiles, {schema}.checkpoints,
    {schema}.parts, {schema}.deliveries TO {writer};
GRANT SELECT, DELETE ON {schema}.parts TO {redactor};
