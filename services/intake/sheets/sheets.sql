-- name: begin_upload(upload_id, kind, owner, sheet, dry_run, started_at)!
-- Register a sheet; one that is known already stays as it is.
INSERT INTO sheet_upload (upload_id, kind, owner, sheet, dry_run, started_at)
VALUES (:upload_id, :kind, :owner, :sheet, :dry_run::boolean, :started_at::timestamptz)
ON CONFLICT (upload_id) DO NOTHING;

-- name: upload(upload_id)^
-- How far a sheet has come.
SELECT upload_id, number, kind, owner, sheet, dry_run, rows_done, prefix, created, changed, unchanged, rejected, finished_at, superseded
FROM sheet_upload WHERE upload_id = :upload_id;

-- name: advance_upload(upload_id, rows_before, rows_done, prefix, created, changed, unchanged, rejected)$
-- Note that a sheet has come further; nothing is given when somebody else has taken it on meanwhile, or a later sheet its place.
UPDATE sheet_upload SET
    rows_done = :rows_done::bigint, prefix = :prefix::bytea, created = created + :created::bigint,
    changed = changed + :changed::bigint, unchanged = unchanged + :unchanged::bigint, rejected = rejected + :rejected::bigint
WHERE upload_id = :upload_id AND rows_done = :rows_before::bigint AND finished_at IS NULL AND NOT superseded
RETURNING number;

-- name: finish_upload(upload_id, finished_at)$
-- The whole sheet is done, unless somebody else has finished it, or a later sheet has taken its place.
UPDATE sheet_upload SET finished_at = :finished_at::timestamptz
WHERE upload_id = :upload_id AND finished_at IS NULL AND NOT superseded RETURNING number;

-- name: supersede_uploads_before(number)!
-- Earlier sheets of the same name that are still under way must not write over this one: their batches wait here, and then see it.
UPDATE sheet_upload AS before SET superseded = true FROM sheet_upload AS this
WHERE this.number = :number::bigint AND (before.kind, before.owner, before.sheet) = (this.kind, this.owner, this.sheet)
    AND before.number < this.number AND before.finished_at IS NULL AND NOT before.dry_run;

-- name: vacancy_names(ids)
-- What vacancies are called.
SELECT vacancy_id AS key, sender, offer_id AS scope, reference FROM vacancy
WHERE vacancy_id = ANY(:ids::text[]) AND status <> 'erased';

-- name: need_names(ids)
-- What needs are called.
SELECT need_id AS key, NULL AS sender, handlekommune AS scope, source_reference AS reference FROM need
WHERE need_id = ANY(:ids::text[]) AND status <> 'erased';

-- name: previous_upload(number)$
-- The last sheet of the same name that was taken to its end, before this one.
SELECT before.number FROM sheet_upload AS this JOIN sheet_upload AS before USING (kind, owner, sheet)
WHERE this.number = :number::bigint AND before.number < this.number AND before.finished_at IS NOT NULL AND NOT before.dry_run
ORDER BY before.number DESC LIMIT 1;

-- name: gone_rows(number, previous)
-- What the sheet before had and this one lacks.
SELECT scope, reference FROM sheet_row WHERE upload = :previous::bigint
EXCEPT SELECT scope, reference FROM sheet_row WHERE upload = :number::bigint
ORDER BY scope, reference;

-- name: keep_gone_rows(number, previous)!
-- What was only told to be gone is remembered beside the rows of the new sheet, as row 0: the next sheet can still withdraw it.
INSERT INTO sheet_row (upload, row, scope, reference)
SELECT :number::bigint, 0, scope, reference FROM (
    SELECT scope, reference FROM sheet_row WHERE upload = :previous::bigint
    EXCEPT SELECT scope, reference FROM sheet_row WHERE upload = :number::bigint
) AS gone;

-- name: twice(number, at_most)
-- References that stand in several rows, and in which; the last of them counted.
SELECT reference, array_agg(row ORDER BY row) AS rows FROM sheet_row WHERE upload = :number::bigint
GROUP BY scope, reference HAVING count(*) > 1 ORDER BY min(row) LIMIT :at_most;

-- name: forget_rows_before(number)!
-- The rows of earlier sheets of the same name: this one has taken their place.
DELETE FROM sheet_row USING sheet_upload AS before, sheet_upload AS this
WHERE this.number = :number::bigint AND (before.kind, before.owner, before.sheet) = (this.kind, this.owner, this.sheet)
    AND before.number < this.number AND NOT before.dry_run AND sheet_row.upload = before.number;

-- name: forget_rows(number)!
-- The rows of a trial.
DELETE FROM sheet_row WHERE upload = :number::bigint;

-- name: forget_old_uploads(before)!
-- Uploads that began before a moment, and their rows; the last whole sheet of each name stays, for the next one to be told from.
WITH old AS (
    DELETE FROM sheet_upload AS this
    WHERE started_at < :before::timestamptz AND (finished_at IS NULL OR dry_run OR EXISTS (
        SELECT FROM sheet_upload AS later
        WHERE (later.kind, later.owner, later.sheet) = (this.kind, this.owner, this.sheet)
            AND later.number > this.number AND later.finished_at IS NOT NULL AND NOT later.dry_run
    ))
    RETURNING number
)
DELETE FROM sheet_row USING old WHERE sheet_row.upload = old.number;

-- name: stated_offers(after, only, at_most)
-- Offers as they were stated, a page by id; of some only.
SELECT offer_id AS key, terms, body FROM offer
WHERE offer_id > :after AND body IS NOT NULL AND (:only::text[] IS NULL OR offer_id = ANY(:only::text[]))
ORDER BY offer_id LIMIT :at_most;

-- name: stated_vacancies(after, sender, offers, at_most)
-- Open vacancies as they were stated, a page by id; of one sender only, and of offers that are still the caller's own.
SELECT vacancy_id AS key, offer_id, reference, terms, body FROM vacancy
WHERE vacancy_id > :after AND status = 'open' AND (:sender::text IS NULL OR sender = :sender)
    AND (:offers::text[] IS NULL OR offer_id = ANY(:offers))
ORDER BY vacancy_id LIMIT :at_most;

-- name: stated_needs(after, municipalities, at_most)
-- Open needs as they were stated, a page by id; of some municipalities only.
SELECT need_id AS key, source_reference, terms, body FROM need
WHERE need_id > :after AND status = 'open' AND (:municipalities::text[] IS NULL OR handlekommune = ANY(:municipalities))
ORDER BY need_id LIMIT :at_most;

-- name: most_price_lines(sender, offers)$
-- How many price lines an open vacancy has at most.
SELECT max(jsonb_array_length(convert_from(terms, 'UTF8')::jsonb -> 'price_lines')) FROM vacancy
WHERE status = 'open' AND (:sender::text IS NULL OR sender = :sender)
    AND (:offers::text[] IS NULL OR offer_id = ANY(:offers));

-- name: most_wanted_sections()$
-- How many sections an open need names at most.
SELECT max(jsonb_array_length(convert_from(terms, 'UTF8')::jsonb -> 'sections')) FROM need WHERE status = 'open';
