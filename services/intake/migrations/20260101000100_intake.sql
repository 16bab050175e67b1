-- migrate:up
-- Intake's record of everything it publishes. `terms` is what was stated, JSON, and stays here; `body` is the published record byte
-- for byte, so that what stands on the log can be compared with it (null: a tombstone). Both are bytea: nothing asks into them,
-- and bytes that are stored as bytes stay the same bytes.

CREATE TABLE instance (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    epoch integer NOT NULL DEFAULT 1 CHECK (epoch >= 1),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE instance IS 'One row: which life of this database it is; the epoch rises when it is restored from a backup';
INSERT INTO instance DEFAULT VALUES;

CREATE TABLE partner (
    partner text PRIMARY KEY,
    offers text[] NOT NULL,
    kinds text[] NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE partner IS 'Whose system may submit, for which offers and which kinds of event';

CREATE TABLE offer (
    offer_id text PRIMARY KEY,
    epoch integer NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    correlation_id text NOT NULL,
    terms bytea,
    body bytea
);

CREATE TABLE vacancy (
    vacancy_id text PRIMARY KEY,
    offer_id text NOT NULL,
    sender text,
    reference text,
    status text NOT NULL CHECK (status IN ('open', 'closed', 'erased')),
    expires_at timestamptz,
    epoch integer NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    correlation_id text NOT NULL,
    terms bytea,
    body bytea,
    UNIQUE (sender, reference)
);
COMMENT ON COLUMN vacancy.sender IS 'partner, or http:<offer id>; with reference the sender''s own name for the vacancy';
CREATE INDEX vacancy_of_offer ON vacancy (offer_id);
CREATE INDEX vacancy_expiring ON vacancy (expires_at) WHERE status = 'open';
CREATE INDEX vacancy_closed ON vacancy (changed_at) WHERE status = 'closed';

CREATE TABLE need (
    need_id text PRIMARY KEY,
    handlekommune text,
    source_reference text,
    status text NOT NULL CHECK (status IN ('open', 'closed', 'erased')),
    epoch integer NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    correlation_id text NOT NULL,
    terms bytea,
    body bytea,
    UNIQUE (handlekommune, source_reference)
);

CREATE TABLE setting (
    key text PRIMARY KEY,
    epoch integer NOT NULL,
    version bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    correlation_id text NOT NULL,
    body bytea
);
COMMENT ON TABLE setting IS 'The policy and the day, as last published';

CREATE TABLE submission (
    partner text NOT NULL,
    submission_id text NOT NULL,
    position text NOT NULL,
    key text NOT NULL,
    headers text NOT NULL,
    receipt bytea NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (partner, submission_id)
);
COMMENT ON TABLE submission IS 'The receipt of each submission, by ce_id: sent again, it gets the same answer and does nothing twice';
CREATE INDEX submission_old ON submission (received_at);

-- migrate:down
DROP TABLE submission, setting, need, vacancy, offer, partner, instance;
