-- migrate:up
-- Sheets that were sent in: how far each has come, and which rows it had, so that the next one can be told from it.

CREATE TABLE sheet_upload (
    upload_id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind text NOT NULL CHECK (kind IN ('offers', 'vacancies', 'needs')),
    owner text NOT NULL,
    sheet text NOT NULL,
    dry_run boolean NOT NULL,
    rows_done bigint NOT NULL DEFAULT 0,
    prefix bytea NOT NULL DEFAULT '',
    created bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    rejected bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL,
    finished_at timestamptz
);
COMMENT ON TABLE sheet_upload IS 'One sheet as it was sent; sent again under the same id after a break it goes on behind the rows that are done';
COMMENT ON COLUMN sheet_upload.owner IS 'partner who sent it; empty: nobody in particular';
COMMENT ON COLUMN sheet_upload.prefix IS 'hash of the rows that are done';
CREATE INDEX sheet_upload_of_sheet ON sheet_upload (kind, owner, sheet, number);

CREATE TABLE sheet_row (
    upload bigint NOT NULL,
    row integer NOT NULL,
    scope text NOT NULL,
    reference text NOT NULL
);
COMMENT ON TABLE sheet_row IS 'What the last sheet of each name had: a row that the next one lacks is gone';
COMMENT ON COLUMN sheet_row.scope IS 'within what the reference is unique: the offer of a vacancy, the kommune of a need';
CREATE INDEX sheet_row_of_upload ON sheet_row (upload);

-- migrate:down
DROP TABLE sheet_row, sheet_upload;
