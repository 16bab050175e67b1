-- migrate:up
-- Who a need is about. Every identifying field is sealed with the citizen's own key, which is in another database (citizens/migrations):
-- without it these bytes say nothing. Columns without statistics: what ANALYZE keeps of a column is a copy that no erasure would reach.

CREATE TABLE citizen (
    citizen_id text PRIMARY KEY,
    municipality text NOT NULL,
    cpr_index bytea,
    sealed_cpr bytea,
    sealed_name bytea,
    sealed_address bytea,
    sealed_note bytea,
    erasing boolean NOT NULL DEFAULT false,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (municipality, cpr_index)
);
COMMENT ON TABLE citizen IS 'What identifies a citizen, as the municipality that has the case registered it; never published, never logged';
COMMENT ON COLUMN citizen.citizen_id IS 'Pseudonym, given by intake';
COMMENT ON COLUMN citizen.municipality IS 'Whose record it is; another municipality has its own of the same person';
COMMENT ON COLUMN citizen.cpr_index IS 'HMAC-SHA-256 of municipality and CPR number under a key that is not in any database: to find a citizen by';
COMMENT ON COLUMN citizen.erasing IS 'An erasure has begun: nothing is written to the record any more';

CREATE TABLE citizen_need (
    need_id text PRIMARY KEY,
    citizen_id text NOT NULL REFERENCES citizen
);
COMMENT ON TABLE citizen_need IS 'Whose need it is; a citizen may have several';
CREATE INDEX citizen_need_of_citizen ON citizen_need (citizen_id);

ALTER TABLE citizen ALTER COLUMN citizen_id SET STATISTICS 0, ALTER COLUMN cpr_index SET STATISTICS 0,
    ALTER COLUMN sealed_cpr SET STATISTICS 0, ALTER COLUMN sealed_name SET STATISTICS 0,
    ALTER COLUMN sealed_address SET STATISTICS 0, ALTER COLUMN sealed_note SET STATISTICS 0;
ALTER TABLE citizen_need ALTER COLUMN citizen_id SET STATISTICS 0, ALTER COLUMN need_id SET STATISTICS 0;
ALTER TABLE need ALTER COLUMN need_id SET STATISTICS 0, ALTER COLUMN source_reference SET STATISTICS 0,
    ALTER COLUMN terms SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN correlation_id SET STATISTICS 0;
ALTER TABLE answered_request ALTER COLUMN headers SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE submission ALTER COLUMN key SET STATISTICS 0, ALTER COLUMN headers SET STATISTICS 0,
    ALTER COLUMN receipt SET STATISTICS 0;
ALTER TABLE sheet_row ALTER COLUMN reference SET STATISTICS 0;

-- migrate:down
DROP TABLE citizen_need, citizen;
