-- migrate:up
-- Up to where the log of each topic holds nothing that this database does not know: written after the rows that were published.
-- A database from a backup has an old mark, so what came after it is found by reading on from there.
CREATE TABLE outbox_mark (
    topic text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);
COMMENT ON TABLE outbox_mark IS 'The offset after the last record that a relay published, by logical topic; some seconds late';

-- migrate:down
DROP TABLE outbox_mark;
