-- migrate:up

-- Of a need that is erased only this stays: a digest of its random id, and the position that a later record would have to pass.
CREATE TABLE erased_needs (
    digest bytea PRIMARY KEY,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- Whether the tables have been written anew since: the bytes of deleted rows stay in their pages until then.
    rewritten boolean NOT NULL DEFAULT false
);
CREATE INDEX erased_needs_to_rewrite ON erased_needs (erased_at) WHERE NOT rewritten;
CREATE INDEX alerts_by_need ON alerts (need_id);
CREATE INDEX deliveries_by_need ON deliveries (need_id);

-- What ANALYZE keeps of a column is a copy that no erasure would reach.
ALTER TABLE alerts ALTER COLUMN need_id SET STATISTICS 0;
ALTER TABLE deliveries ALTER COLUMN need_id SET STATISTICS 0;
ALTER TABLE matches ALTER COLUMN need_id SET STATISTICS 0, ALTER COLUMN about SET STATISTICS 0;
ALTER TABLE waiting_places ALTER COLUMN need_id SET STATISTICS 0;
ALTER TABLE unseen ALTER COLUMN key SET STATISTICS 0;

-- migrate:down

DROP INDEX deliveries_by_need;
DROP INDEX alerts_by_need;
DROP TABLE erased_needs;
