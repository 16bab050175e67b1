-- name: mark_citizen(citizen_id)^
-- Nothing is written to this citizen's record any more; gives the municipality.
UPDATE citizen SET erasing = true WHERE citizen_id = :citizen_id RETURNING municipality;

-- name: needs_of(citizen_id)
-- The needs of a citizen, but for those that have moved to another municipality.
SELECT need_id FROM citizen_need JOIN citizen USING (citizen_id) JOIN need USING (need_id)
WHERE citizen_id = :citizen_id AND handlekommune = municipality ORDER BY need_id;

-- name: need_named(need_id)^
-- A need, erased or not.
SELECT need_id, handlekommune FROM need WHERE need_id = :need_id FOR UPDATE;

-- name: under_way(about)^
-- The erasure of an id that is under way.
SELECT * FROM erasure WHERE about = :about AND ended_at IS NULL;

-- name: add_erasure(erasure_id, about, citizen_id, needs, municipality, why, now)!
-- A new erasure.
INSERT INTO erasure (erasure_id, about, citizen_id, needs, municipality, why, step, asked_at, step_at)
VALUES (:erasure_id, :about, :citizen_id, :needs::text[], :municipality, :why, 'begun', :now::timestamptz, :now::timestamptz);

-- name: lease(now, until)^
-- The erasure that nobody has looked at for longest, for one process alone.
UPDATE erasure SET leased_until = :until::timestamptz
WHERE erasure_id = (
    SELECT erasure_id FROM erasure WHERE ended_at IS NULL AND leased_until < :now::timestamptz
    ORDER BY looked_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *;

-- name: save_step(erasure_id, step, step_at, looked_at, tombstoned_at, tombstones, swept_at, destroyed, found, done_at, ended_at, leased_until)!
-- How far it has come.
UPDATE erasure SET step = :step, step_at = :step_at::timestamptz, looked_at = :looked_at::timestamptz,
    tombstoned_at = :tombstoned_at::timestamptz, tombstones = :tombstones::integer, swept_at = :swept_at::timestamptz,
    destroyed = :destroyed::jsonb, found = :found::jsonb, done_at = :done_at::timestamptz, ended_at = :ended_at::timestamptz,
    leased_until = :leased_until::timestamptz
WHERE erasure_id = :erasure_id;

-- name: erasure(erasure_id)^
-- One erasure.
SELECT * FROM erasure WHERE erasure_id = :erasure_id;

-- name: erasures(at_most)
-- Erasures, the newest first.
SELECT * FROM erasure ORDER BY asked_at DESC LIMIT :at_most;

-- name: living_needs(need_ids)
-- Those of some needs that are not erased yet.
SELECT need_id FROM need WHERE need_id = ANY(:need_ids::text[]) AND status <> 'erased';

-- name: bury_again(need_ids, correlation_id, now)
-- The next version of tombstones.
UPDATE need SET version = version + 1, correlation_id = :correlation_id, changed_at = :now::timestamptz
WHERE need_id = ANY(:need_ids::text[]) AND status = 'erased'
RETURNING need_id, epoch, version;

-- name: forget_waiting(need_ids)$
-- What has not been published of these needs yet, or never could be.
WITH waiting AS (
    DELETE FROM outbox WHERE topic = 'need-profiles' AND key = ANY(:need_ids::text[]) AND value IS NOT NULL RETURNING 1
), failed AS (
    DELETE FROM outbox_failed
    WHERE key = ANY(:need_ids::text[])
        OR EXISTS (SELECT FROM unnest(:need_ids::text[]) AS id WHERE position(convert_to(id, 'UTF8') IN value) > 0)
    RETURNING 1
)
SELECT (SELECT count(*) FROM waiting) + (SELECT count(*) FROM failed);

-- name: forget_answers(need_ids, body)$
-- Answers that name one of these needs say from now on that it is gone; sent again, the request still does nothing twice.
WITH told AS (
    UPDATE answered_request SET status = 410, headers = '{"content-type": "application/json"}', body = :body, fingerprint = ''
    WHERE EXISTS (
        SELECT FROM unnest(:need_ids::text[]) AS id
        WHERE position(convert_to(id, 'UTF8') IN body) > 0 OR position(id IN headers) > 0
    )
    RETURNING 1
)
SELECT count(*) FROM told;

-- name: receipts_about(need_ids)
-- Receipts that name one of these needs, and the others that were given under the same name.
WITH named AS (
    SELECT partner, key FROM submission
    WHERE EXISTS (SELECT FROM unnest(:need_ids::text[]) AS id WHERE position(convert_to(id, 'UTF8') IN receipt) > 0)
)
SELECT partner, submission_id, position, key, headers, receipt FROM submission JOIN (SELECT DISTINCT * FROM named) AS named USING (partner, key)
FOR UPDATE OF submission;

-- name: blank_receipts(partners, submission_ids, keys, headers, receipts)!
-- The same receipts without what they were about.
UPDATE submission SET key = new.key, headers = new.headers, receipt = new.receipt
FROM unnest(:partners::text[], :submission_ids::text[], :keys::text[], :headers::text[], :receipts::bytea[])
    AS new (partner, submission_id, key, headers, receipt)
WHERE (submission.partner, submission.submission_id) = (new.partner, new.submission_id);

-- name: forget_citizen(citizen_id, need_ids)$
-- Delete a citizen, if the whole of one is erased, and whose these needs are.
WITH links AS (
    DELETE FROM citizen_need WHERE need_id = ANY(:need_ids::text[]) OR citizen_id = :citizen_id RETURNING 1
)
SELECT count(*) FROM links;

-- name: forget_looks(ids)$
-- Whose data was looked at; the chain itself stays, with a keyed digest.
WITH gone AS (DELETE FROM access_subject WHERE subject = ANY(:ids::text[]) RETURNING 1) SELECT count(*) FROM gone;

-- name: forget_sheet_rows(need_ids)$
-- What earlier sheets had of them, by the reference of the case or by the need's id.
WITH gone AS (
    DELETE FROM sheet_row USING sheet_upload
    WHERE sheet_row.upload = sheet_upload.number AND sheet_upload.kind = 'needs' AND (
        (scope = '' AND reference = ANY(:need_ids::text[]))
        OR (scope, reference) IN (SELECT handlekommune, source_reference FROM need WHERE need_id = ANY(:need_ids::text[]))
    )
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: delete_citizen(citizen_id)$
-- The citizen's own row.
WITH gone AS (DELETE FROM citizen WHERE citizen_id = :citizen_id RETURNING 1) SELECT count(*) FROM gone;

-- name: waits_to_be_published(need_ids)$
-- Whether the relay has yet to publish something of these needs.
SELECT EXISTS (SELECT FROM outbox WHERE topic = 'need-profiles' AND key = ANY(:need_ids::text[]));

-- name: purge(erasure_id, need_ids)!
-- Nothing of the ids stays, but a digest.
WITH gone AS (DELETE FROM need WHERE need_id = ANY(:need_ids::text[]) AND status = 'erased')
UPDATE erasure SET needs = '{}', citizen_id = NULL, step = 'purged' WHERE erasure_id = :erasure_id;

-- name: sizes(tables)
-- How large tables are, with their indexes.
SELECT name, pg_total_relation_size(name::regclass) AS bytes FROM unnest(:tables::text[]) AS name WHERE to_regclass(name) IS NOT NULL;

-- name: erased_without_erasure(at_most)
-- Needs that were erased by themselves, of which id and version are still there.
SELECT need_id FROM need WHERE status = 'erased'
    AND NOT EXISTS (SELECT FROM erasure WHERE ended_at IS NULL AND need.need_id = ANY(erasure.needs))
ORDER BY need_id LIMIT :at_most;

-- name: risen(digests)
-- Of what was erased for good, what is here again: this database comes from a backup.
SELECT need_id AS id, false AS is_citizen FROM need WHERE status <> 'erased' AND sha256(convert_to(need_id, 'UTF8')) = ANY(:digests::bytea[])
UNION ALL
SELECT citizen_id, true FROM citizen WHERE NOT erasing AND sha256(convert_to(citizen_id, 'UTF8')) = ANY(:digests::bytea[]);

-- name: needs_to_close(changed_before, at_most)
-- Open needs that nobody has touched for long.
SELECT need_id FROM need WHERE status = 'open' AND changed_at < :changed_before::timestamptz ORDER BY changed_at LIMIT :at_most;

-- name: needs_to_erase(changed_before, at_most)
-- Needs that have been closed for long.
SELECT need_id FROM need WHERE status = 'closed' AND changed_at < :changed_before::timestamptz
    AND NOT EXISTS (SELECT FROM erasure WHERE ended_at IS NULL AND need.need_id = ANY(erasure.needs))
ORDER BY changed_at LIMIT :at_most;

-- name: citizens_to_erase(changed_before, at_most)
-- Citizens without a need, untouched for long.
SELECT citizen_id FROM citizen WHERE NOT erasing AND changed_at < :changed_before::timestamptz
    AND NOT EXISTS (SELECT FROM citizen_need WHERE citizen_need.citizen_id = citizen.citizen_id)
ORDER BY changed_at LIMIT :at_most;
