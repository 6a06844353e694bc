-- Outside the log, so that people can be forgotten: who the opaque ids are, and their keys.
CREATE TABLE {schema}.persons (
    id text COLLATE "C" PRIMARY KEY CHECK (length(id) = 36),
    -- The person's random key, wrapped by the key-encryption key.
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- An account is found by a keyed digest; what it says lies sealed under the person's key.
CREATE TABLE {schema}.accounts (
    mac bytea PRIMARY KEY CHECK (octet_length(mac) = 32),
    person text COLLATE "C" NOT NULL REFERENCES {schema}.persons (id) ON DELETE CASCADE,
    sealed bytea NOT NULL
);
CREATE INDEX accounts_person ON {schema}.accounts (person);

CREATE TABLE {schema}.tokens (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    credential text COLLATE "C" NOT NULL UNIQUE,
    principal text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL CHECK (role IN ('emitter', 'approver', 'auditor', 'operator')),
    sources text[] COLLATE "C" NOT NULL,
    expires timestamptz,
    revoked_at timestamptz
);

GRANT SELECT, INSERT ON {schema}.persons, {schema}.accounts, {schema}.tokens TO {writer};
GRANT UPDATE (revoked_at) ON {schema}.tokens TO {writer};
GRANT SELECT, DELETE ON {schema}.persons, {schema}.accounts TO {redactor};
