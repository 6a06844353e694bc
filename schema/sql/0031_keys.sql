-- Public keys that emitters sign their events with.
CREATE TABLE {schema}.emitter_keys (
    credential text COLLATE "C" PRIMARY KEY,
    -- sha256: and the hexadecimal SHA-256 of the key: how an envelope hints at it.
    key_id text COLLATE "C" NOT NULL,
    spki bytea NOT NULL,
    principal text COLLATE "C" NOT NULL,
    sources text[] COLLATE "C" NOT NULL,
    expires timestamptz,
    revoked_at timestamptz
);
-- A key speaks for one credential at a time; a revoked one may not come back by another name.
CREATE UNIQUE INDEX emitter_keys_key ON {schema}.emitter_keys (key_id);

GRANT SELECT, INSERT ON {schema}.emitter_keys TO {writer};
GRANT UPDATE (revoked_at) ON {schema}.emitter_keys TO {writer};
