-- migrate:up

-- Up to when this database is known to have had all that a compacted topic said. Tombstones do not stay there for ever: who was
-- away for long reads the whole topic again, and what does not show is erased (DESIGN, the log: erasure).
CREATE TABLE readings (
    topic text PRIMARY KEY,
    fresh_at timestamptz NOT NULL,
    -- While the topic is read again: the end offsets, by partition, that it had when that began.
    until bigint[]
);

-- What is held and has not shown since the topic is being read again.
CREATE TABLE unseen (
    topic text NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (topic, key)
);

-- migrate:down

DROP TABLE unseen, readings;
