-- Systems that deliver by webhook: how each is known, and what came from it.
CREATE TABLE {schema}.sources (
    name text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'),
    kind text COLLATE "C" NOT NULL,
    credential text COLLATE "C" NOT NULL UNIQUE,
    principal text COLLATE "C" NOT NULL,
    -- The secret it shares with the sender, sealed by the register's key.
    sealed bytea NOT NULL,
    -- It is expected to deliver at least so often; null: nothing is expected.
    every_s bigint CHECK (every_s > 0),
    added_at timestamptz NOT NULL,
    revoked_at timestamptz
);

-- Counted from the log up to a position; whoever doubts it sets everything to zero.
CREATE TABLE {schema}.source_counts (
    name text COLLATE "C" PRIMARY KEY REFERENCES {schema}.sources (name),
    delivered bigint NOT NULL DEFAULT 0,
    unmapped bigint NOT NULL DEFAULT 0,
    gaps bigint NOT NULL DEFAULT 0,
    last_position bigint,
    last_at timestamptz
);
CREATE TABLE {schema}.source_counted (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    upto bigint NOT NULL
);
INSERT INTO {schema}.source_counted (upto) VALUES (0);

GRANT SELECT, INSERT ON {schema}.sources, {schema}.source_counts TO {writer};
GRANT UPDATE (revoked_at) ON {schema}.sources TO {writer};
GRANT UPDATE ON {schema}.source_counts TO {writer};
GRANT SELECT, UPDATE ON {schema}.source_counted TO {writer};
