-- name: one_at_a_time(municipality)$
-- Be the only one who appends to a municipality's chain until the commit.
SELECT pg_advisory_xact_lock(hashtext('access_entry'), hashtext(:municipality));

-- name: known_events(municipality, event_ids)
-- Which looks are in the chain already.
SELECT event_id FROM access_entry WHERE municipality = :municipality AND event_id = ANY(:event_ids::text[]);

-- name: head(municipality)^
-- The last entry of a chain.
SELECT number, hash FROM access_entry WHERE municipality = :municipality ORDER BY number DESC LIMIT 1;

-- name: append(municipalities, numbers, event_ids, contents, hashes)!
-- Entries behind the last one.
INSERT INTO access_entry (municipality, number, event_id, content, hash)
SELECT * FROM unnest(:municipalities::text[], :numbers::bigint[], :event_ids::text[], :contents::bytea[], :hashes::bytea[]);

-- name: note_subjects(municipalities, numbers, subjects)!
-- Whose data it was.
INSERT INTO access_subject (municipality, number, subject)
SELECT * FROM unnest(:municipalities::text[], :numbers::bigint[], :subjects::text[]);

-- name: of_subjects(municipality, subjects)
-- What a citizen is shown.
SELECT access_entry.content FROM access_subject JOIN access_entry USING (municipality, number)
WHERE municipality = :municipality AND subject = ANY(:subjects::text[]) ORDER BY number DESC LIMIT 1000;

-- name: municipalities()
-- Whose chains there are.
SELECT DISTINCT municipality FROM access_entry ORDER BY municipality;

-- name: entries(municipality, after, at_most)
-- A page of a chain.
SELECT municipality, number, event_id, content, hash FROM access_entry
WHERE municipality = :municipality AND number > :after ORDER BY number LIMIT :at_most;
