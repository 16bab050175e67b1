-- migrate:up
-- The keys of citizens, in a database of their own: whoever has intake's database, or a backup of it, has no key, and a key that is
-- deleted here opens nothing any more. Backups of this database are kept for days, not months (docs/guides/erasure.md).

CREATE TABLE data_key (
    citizen_id text PRIMARY KEY,
    key_id text NOT NULL UNIQUE,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE data_key IS 'One key per citizen, wrapped by a master key that is in no database';
COMMENT ON COLUMN data_key.wrapped IS 'Nonce and AES-256-GCM of the key; the citizen and the key''s id are authenticated with it';
CREATE INDEX data_key_by_master ON data_key (master_key_id);
ALTER TABLE data_key ALTER COLUMN citizen_id SET STATISTICS 0, ALTER COLUMN key_id SET STATISTICS 0, ALTER COLUMN wrapped SET STATISTICS 0;

CREATE TABLE forgotten (
    digest bytea PRIMARY KEY,
    forgotten_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE forgotten IS
    'SHA-256 of the random ids of what was erased: a backup of intake that still has one of them is told so when it is restored';

-- migrate:down
DROP TABLE forgotten, data_key;
