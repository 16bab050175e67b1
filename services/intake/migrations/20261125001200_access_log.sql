-- migrate:up
-- Who looked at what, when and why: one chain per municipality, each entry bound to all before it. What is chained names the citizen only
-- by a keyed digest; the pseudonym itself stands apart, in access_subject, and goes when the citizen is erased: the chain stays whole.

CREATE TABLE access_entry (
    municipality text NOT NULL,
    number bigint NOT NULL CHECK (number >= 1),
    event_id text NOT NULL,
    content bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (municipality, number),
    UNIQUE (municipality, event_id)
);
COMMENT ON TABLE access_entry IS 'Append-only; verified by `ledigplads access verify` against the anchors on the topic access-anchors';
COMMENT ON COLUMN access_entry.content IS 'What was told, as JSON; the citizen by a keyed digest';
COMMENT ON COLUMN access_entry.hash IS 'SHA-256 of municipality, number, content and the hash of the entry before';

CREATE TABLE access_subject (
    municipality text NOT NULL,
    number bigint NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (municipality, number)
);
COMMENT ON TABLE access_subject IS 'Whose data it was, by pseudonym; deleted when it is erased';
CREATE INDEX access_subject_of ON access_subject (subject);
ALTER TABLE access_subject ALTER COLUMN subject SET STATISTICS 0;

CREATE FUNCTION access_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log is append-only';
END $$;
CREATE TRIGGER access_entry_stays BEFORE UPDATE OR DELETE ON access_entry FOR EACH ROW EXECUTE FUNCTION access_entry_stays();
CREATE TRIGGER access_entry_is_not_emptied BEFORE TRUNCATE ON access_entry FOR EACH STATEMENT EXECUTE FUNCTION access_entry_stays();

-- migrate:down
DROP TABLE access_subject, access_entry;
DROP FUNCTION access_entry_stays();
