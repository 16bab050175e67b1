-- migrate:up
ALTER TABLE instance ADD COLUMN restoring boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN instance.restoring IS 'This database came from a backup, and taking back what the log has of later has begun and not ended';

CREATE TABLE submission_again (
    partner text NOT NULL,
    position text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (partner, position)
);
COMMENT ON TABLE submission_again IS 'Records that repeated a submission and were answered too: read again after a crash, they get no second receipt';
CREATE INDEX submission_again_old ON submission_again (received_at);

-- migrate:down
DROP TABLE submission_again;
ALTER TABLE instance DROP COLUMN restoring;
