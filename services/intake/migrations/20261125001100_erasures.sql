-- migrate:up
-- Erasing is a job of days: each step is done again until it is known to be done, so a crash anywhere costs nothing.

CREATE TABLE erasure (
    erasure_id text PRIMARY KEY,
    about bytea NOT NULL,
    citizen_id text,
    needs text[] NOT NULL,
    municipality text,
    why text NOT NULL CHECK (why IN ('asked', 'retention', 'erased_need', 'restored')),
    step text NOT NULL CHECK (step IN ('begun', 'key_destroyed', 'deleted', 'published', 'rewritten', 'done', 'purged', 'ended')),
    asked_at timestamptz NOT NULL,
    step_at timestamptz NOT NULL,
    looked_at timestamptz,
    tombstoned_at timestamptz,
    tombstones integer NOT NULL DEFAULT 0,
    swept_at timestamptz,
    destroyed jsonb NOT NULL DEFAULT '{}',
    found jsonb NOT NULL DEFAULT '{}',
    done_at timestamptz,
    ended_at timestamptz,
    leased_until timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE erasure IS 'Erasures under way, and of those that have ended what the proof says';
COMMENT ON COLUMN erasure.about IS 'SHA-256 of the id that was erased: whoever knows the id finds the proof';
COMMENT ON COLUMN erasure.citizen_id IS 'Null: a need alone, or ended';
COMMENT ON COLUMN erasure.needs IS 'Empty when ended';
COMMENT ON COLUMN erasure.destroyed IS 'How many keys and rows, and which tables were written anew';
COMMENT ON COLUMN erasure.found IS 'What the last full read of the log found, by topic; counts and days only';
COMMENT ON COLUMN erasure.leased_until IS 'One process at a time works on it';
CREATE INDEX erasure_under_way ON erasure (asked_at) WHERE ended_at IS NULL;
CREATE INDEX erasure_about ON erasure (about);
ALTER TABLE erasure ALTER COLUMN citizen_id SET STATISTICS 0, ALTER COLUMN needs SET STATISTICS 0;

-- migrate:down
DROP TABLE erasure;
