-- name: observed_vacancy(vacancy_id)^
-- The posting that somebody asked for, and since when it stands so.
SELECT vacancy_id, offer_id, closed_at, nothing_free_since, body FROM vacancy WHERE vacancy_id = :vacancy_id;

-- name: known_offer(offer_id)$
-- Whether there is such an offer.
SELECT EXISTS (SELECT FROM offer WHERE offer_id = :offer_id);

-- name: open_record(offer_id)$
-- Lock the truth record of an offer, a new one if it has none; gives how many observations it has.
INSERT INTO truth_record (offer_id) VALUES (:offer_id)
ON CONFLICT (offer_id) DO UPDATE SET offer_id = EXCLUDED.offer_id
RETURNING observations;

-- name: lock_record(offer_id)$
-- Lock the truth record of an offer, if it has one.
SELECT offer_id FROM truth_record WHERE offer_id = :offer_id FOR UPDATE;

-- name: observation_of_day(vacancy_id, observer, asked_day)^
-- What the same observer told of the same posting that day.
SELECT * FROM observation WHERE vacancy_id = :vacancy_id AND observer = :observer AND asked_day = :asked_day::date;

-- name: add_observation(offer_id, number, vacancy_id, vacancy_version, opening, observer, finding, asked_at, asked_day, received_at, counts_from)!
-- Remember an observation.
INSERT INTO observation
    (offer_id, number, vacancy_id, vacancy_version, opening, observer, finding, asked_at, asked_day, received_at, counts_from)
VALUES
    (:offer_id, :number::integer, :vacancy_id, :vacancy_version::bigint, :opening::integer, :observer, :finding,
     :asked_at::timestamptz, :asked_day::date, :received_at::timestamptz, :counts_from::timestamptz);

-- name: note_added(offer_id, observations, recount_at)!
-- Say of a record that it has one more, which may change the count then.
UPDATE truth_record SET observations = :observations::integer, recount_at = LEAST(recount_at, :recount_at::timestamptz)
WHERE offer_id = :offer_id;

-- name: recount_at(offer_id, recount_at)!
-- Have an offer's observations counted again, at the latest then.
UPDATE truth_record SET recount_at = LEAST(recount_at, :recount_at::timestamptz) WHERE offer_id = :offer_id;

-- name: observation(offer_id, number)^
-- One observation.
SELECT * FROM observation WHERE offer_id = :offer_id AND number = :number::integer;

-- name: observations_of(offer_id, before, at_most)
-- Observations of an offer, the newest first.
SELECT * FROM observation
WHERE offer_id = :offer_id AND (:before::integer IS NULL OR number < :before) ORDER BY number DESC LIMIT :at_most;

-- name: set_objection(offer_id, number, objection, objected_at, ruling)!
-- Store what the offer says of an observation, and what an operator says of that.
UPDATE observation SET objection = :objection, objected_at = :objected_at::timestamptz, ruling = :ruling
WHERE offer_id = :offer_id AND number = :number::integer;

-- name: due_records(now, at_most)
-- Offers whose count may have changed, the longest due first; no two processes take the same.
SELECT offer_id FROM truth_record WHERE recount_at <= :now::timestamptz ORDER BY recount_at LIMIT :at_most FOR UPDATE SKIP LOCKED;

-- name: observations_since(offer_ids, since)
-- What may count of some offers.
SELECT * FROM observation WHERE offer_id = ANY(:offer_ids::text[]) AND asked_at > :since::timestamptz;

-- name: set_recounts(offer_ids, moments)!
-- Store when each count may change next.
UPDATE truth_record SET recount_at = new.moment
FROM unnest(:offer_ids::text[], :moments::timestamptz[]) AS new (offer_id, moment)
WHERE truth_record.offer_id = new.offer_id;
