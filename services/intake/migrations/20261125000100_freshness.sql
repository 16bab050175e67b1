-- migrate:up
ALTER TABLE vacancy ADD COLUMN remind_at timestamptz;
COMMENT ON COLUMN vacancy.remind_at IS 'When the offer is to be asked to confirm it; null: it has been asked, or the vacancy is not open';
UPDATE vacancy SET remind_at = expires_at - interval '5 days' WHERE status = 'open';
CREATE INDEX vacancy_to_remind ON vacancy (remind_at) WHERE status = 'open' AND remind_at IS NOT NULL;

CREATE TABLE truth_record (
    offer_id text PRIMARY KEY,
    observations integer NOT NULL DEFAULT 0,
    recount_at timestamptz
);
COMMENT ON TABLE truth_record IS 'Of each offer that has been observed: how many observations there are, and when the count may change next';
CREATE INDEX truth_record_due ON truth_record (recount_at) WHERE recount_at IS NOT NULL;

CREATE TABLE observation (
    offer_id text NOT NULL REFERENCES truth_record,
    number integer NOT NULL CHECK (number >= 1),
    vacancy_id text NOT NULL,
    vacancy_version bigint NOT NULL,
    opening integer NOT NULL,
    observer text NOT NULL,
    finding text NOT NULL,
    asked_at timestamptz NOT NULL,
    asked_day date NOT NULL,
    received_at timestamptz NOT NULL,
    counts_from timestamptz NOT NULL,
    objection text,
    objected_at timestamptz,
    ruling text CHECK (ruling IN ('upheld', 'dismissed')),
    PRIMARY KEY (offer_id, number),
    UNIQUE (vacancy_id, observer, asked_day)
);
COMMENT ON TABLE observation IS 'Was what an offer had posted still true when somebody asked for it? Codes and times only: nothing about who needed the place';
COMMENT ON COLUMN observation.number IS 'Counts up per offer, without a gap: the offer sees each one';
COMMENT ON COLUMN observation.observer IS 'The partner whose system told it; empty: somebody who has not said who he is';
COMMENT ON COLUMN observation.asked_day IS 'In Denmark: one observation per vacancy, observer and day';
COMMENT ON COLUMN observation.counts_from IS 'Until then the offer can object to it';
COMMENT ON COLUMN observation.ruling IS 'An operator''s, on an objection: upheld never counts, dismissed counts';

-- migrate:down
DROP TABLE observation, truth_record;
ALTER TABLE vacancy DROP COLUMN remind_at;
