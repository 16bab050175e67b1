-- migrate:up
-- Records waiting to be published. A row goes only after its acknowledgement, so the table is empty when all is quiet.
-- The rows of one key have one shard, and inside it id order is commit order: a caller locks the aggregate before it adds.
CREATE TABLE outbox (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    key text,
    partition integer,
    headers text NOT NULL,
    value bytea,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (shard, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000);
COMMENT ON TABLE outbox IS 'Records waiting for the relay, in key order per shard';
COMMENT ON COLUMN outbox.topic IS 'logical name, without the prefix';
COMMENT ON COLUMN outbox.headers IS 'JSON: [[name, value], ...]';

-- What the broker refuses for good, set aside so that it does not block the keys that share its shard.
CREATE TABLE outbox_failed (
    id bigint PRIMARY KEY,
    topic text NOT NULL,
    key text,
    partition integer,
    headers text NOT NULL,
    value bytea,
    added_at timestamptz NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL
);
COMMENT ON TABLE outbox_failed IS 'Records the broker refused for good, with the reason';

-- migrate:down
DROP TABLE outbox_failed;
DROP TABLE outbox;
