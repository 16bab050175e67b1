-- name: partners_named(names)
-- The partners of a batch; locked, so that none is taken away while its submissions are being stored.
SELECT partner, offers, kinds, municipalities FROM partner WHERE partner = ANY(:names::text[]) ORDER BY partner FOR SHARE;

-- name: partners()
-- All partners.
SELECT partner, offers, kinds, municipalities FROM partner ORDER BY partner;

-- name: partner_named(partner)^
-- One partner.
SELECT partner, offers, kinds, municipalities FROM partner WHERE partner = :partner;

-- name: put_partner(partner, offers, kinds, municipalities)$
-- Declare a partner; says whether it is new.
INSERT INTO partner (partner, offers, kinds, municipalities)
VALUES (:partner, :offers::text[], :kinds::text[], :municipalities::text[])
ON CONFLICT (partner) DO UPDATE SET
    offers = EXCLUDED.offers, kinds = EXCLUDED.kinds, municipalities = EXCLUDED.municipalities
RETURNING xmax = 0;

-- name: remove_partner(partner)$
-- Forget a partner with its receipts, those that wait too, and what its requests were answered with: its topics go, and a new one of that name begins anew.
WITH gone AS (DELETE FROM partner WHERE partner = :partner RETURNING partner),
     answered AS (DELETE FROM submission WHERE partner IN (SELECT partner FROM gone)),
     again AS (DELETE FROM submission_again WHERE partner IN (SELECT partner FROM gone)),
     requests AS (DELETE FROM answered_request WHERE caller IN (SELECT partner FROM gone)),
     waiting AS (DELETE FROM outbox WHERE topic IN (SELECT 'receipts-' || partner FROM gone))
SELECT count(*) FROM gone;

-- name: offers_to_read(offer_ids, vacancy_ids, senders, names)
-- The offers that a batch names, or whose vacancies it names; they stay as they are until it commits.
SELECT offer_id, epoch, version, terms, body FROM offer
WHERE offer_id IN (
    SELECT unnest(:offer_ids::text[])
    UNION SELECT offer_id FROM vacancy WHERE vacancy_id = ANY(:vacancy_ids::text[])
    UNION SELECT offer_id FROM unnest(:senders::text[], :names::text[]) AS wanted (sender, reference)
        JOIN vacancy USING (sender, reference)
)
ORDER BY offer_id FOR SHARE;

-- name: offers_to_change(offer_ids, vacancy_ids, senders, names)
-- The same for a batch that changes offers.
SELECT offer_id, epoch, version, terms, body FROM offer
WHERE offer_id IN (
    SELECT unnest(:offer_ids::text[])
    UNION SELECT offer_id FROM vacancy WHERE vacancy_id = ANY(:vacancy_ids::text[])
    UNION SELECT offer_id FROM unnest(:senders::text[], :names::text[]) AS wanted (sender, reference)
        JOIN vacancy USING (sender, reference)
)
ORDER BY offer_id FOR UPDATE;

-- name: vacancies_named(vacancy_ids, senders, names)
-- The vacancies that a batch names by id or by their sender's reference, locked.
SELECT vacancy_id, offer_id, sender, reference, status, epoch, version, terms, body, remind_at FROM vacancy
WHERE vacancy_id IN (
    SELECT unnest(:vacancy_ids::text[])
    UNION SELECT vacancy_id FROM unnest(:senders::text[], :names::text[]) AS wanted (sender, reference)
        JOIN vacancy USING (sender, reference)
)
ORDER BY vacancy_id FOR UPDATE;

-- name: vacancies_of_offers(offer_ids)
-- The vacancies that have to follow a change of their offer, locked.
SELECT vacancy_id, offer_id, sender, reference, status, epoch, version, terms, body, remind_at FROM vacancy
WHERE offer_id = ANY(:offer_ids::text[]) AND status <> 'erased'
ORDER BY vacancy_id FOR UPDATE;

-- name: needs_named(need_ids, municipalities, names, moved, moved_to)
-- The needs that a batch names by id or by their municipality's reference, locked; and those that have the reference of one that moves.
SELECT need_id, handlekommune, source_reference, status, epoch, version, terms, body FROM need
WHERE need_id IN (
    SELECT unnest(:need_ids::text[])
    UNION SELECT need_id FROM unnest(:municipalities::text[], :names::text[]) AS wanted (handlekommune, source_reference)
        JOIN need USING (handlekommune, source_reference)
    UNION SELECT there.need_id FROM unnest(:moved::text[], :moved_to::text[]) AS moving (need_id, handlekommune)
        JOIN need USING (need_id)
        JOIN need AS there ON (there.handlekommune, there.source_reference) = (moving.handlekommune, need.source_reference)
)
ORDER BY need_id FOR UPDATE;

-- name: save_offers(offer_ids, versions, terms, bodies, correlation_ids, changed_at)
-- Store the last state of each offer; gives the epoch it is in. A row that has moved on meanwhile is not given.
INSERT INTO offer AS stored (offer_id, version, terms, body, correlation_id, changed_at, epoch)
SELECT new.*, :changed_at::timestamptz, instance.epoch
FROM unnest(:offer_ids::text[], :versions::bigint[], :terms::bytea[], :bodies::bytea[], :correlation_ids::text[])
    AS new (offer_id, version, terms, body, correlation_id), instance
ON CONFLICT (offer_id) DO UPDATE SET
    version = EXCLUDED.version, terms = EXCLUDED.terms, body = EXCLUDED.body, correlation_id = EXCLUDED.correlation_id,
    changed_at = EXCLUDED.changed_at, epoch = GREATEST(stored.epoch, EXCLUDED.epoch)
WHERE stored.version < EXCLUDED.version
RETURNING offer_id AS key, epoch;

-- name: save_vacancies(vacancy_ids, offer_ids, senders, names, statuses, expiries, reminders, full, versions, terms, bodies, correlation_ids, changed_at)
-- Store the last state of each vacancy, as for offers.
INSERT INTO vacancy AS stored
    (vacancy_id, offer_id, sender, reference, status, expires_at, remind_at, version, terms, body, correlation_id, changed_at, epoch,
     closed_at, nothing_free_since)
SELECT new.vacancy_id, new.offer_id, new.sender, new.reference, new.status, new.expires_at, new.remind_at, new.version, new.terms,
    new.body, new.correlation_id, :changed_at::timestamptz, instance.epoch,
    CASE WHEN new.status <> 'open' THEN :changed_at::timestamptz END, CASE WHEN new.is_full THEN :changed_at::timestamptz END
FROM unnest(
        :vacancy_ids::text[], :offer_ids::text[], :senders::text[], :names::text[], :statuses::text[], :expiries::timestamptz[],
        :reminders::timestamptz[], :full::boolean[],
        :versions::bigint[], :terms::bytea[], :bodies::bytea[], :correlation_ids::text[]
    ) AS new (vacancy_id, offer_id, sender, reference, status, expires_at, remind_at, is_full, version, terms, body, correlation_id),
    instance
ON CONFLICT (vacancy_id) DO UPDATE SET
    sender = EXCLUDED.sender, reference = EXCLUDED.reference, status = EXCLUDED.status, expires_at = EXCLUDED.expires_at,
    remind_at = EXCLUDED.remind_at,
    version = EXCLUDED.version, terms = EXCLUDED.terms, body = EXCLUDED.body, correlation_id = EXCLUDED.correlation_id,
    changed_at = EXCLUDED.changed_at, epoch = GREATEST(stored.epoch, EXCLUDED.epoch),
    closed_at = CASE WHEN EXCLUDED.status <> 'open' THEN COALESCE(stored.closed_at, EXCLUDED.closed_at) END,
    nothing_free_since =
        CASE WHEN EXCLUDED.nothing_free_since IS NOT NULL THEN COALESCE(stored.nothing_free_since, EXCLUDED.nothing_free_since) END
WHERE stored.version < EXCLUDED.version
RETURNING vacancy_id AS key, epoch;

-- name: save_needs(need_ids, municipalities, names, statuses, versions, terms, bodies, correlation_ids, changed_at)
-- Store the last state of each need, as for offers.
INSERT INTO need AS stored
    (need_id, handlekommune, source_reference, status, version, terms, body, correlation_id, changed_at, epoch)
SELECT new.*, :changed_at::timestamptz, instance.epoch
FROM unnest(
        :need_ids::text[], :municipalities::text[], :names::text[], :statuses::text[],
        :versions::bigint[], :terms::bytea[], :bodies::bytea[], :correlation_ids::text[]
    ) AS new (need_id, handlekommune, source_reference, status, version, terms, body, correlation_id), instance
ON CONFLICT (need_id) DO UPDATE SET
    handlekommune = EXCLUDED.handlekommune, source_reference = EXCLUDED.source_reference, status = EXCLUDED.status,
    version = EXCLUDED.version, terms = EXCLUDED.terms, body = EXCLUDED.body, correlation_id = EXCLUDED.correlation_id,
    changed_at = EXCLUDED.changed_at, epoch = GREATEST(stored.epoch, EXCLUDED.epoch)
WHERE stored.version < EXCLUDED.version
RETURNING need_id AS key, epoch;

-- name: settings_locked()
-- The settings as last published; one publisher at a time.
SELECT setting.key, setting.version, setting.body FROM instance LEFT JOIN setting ON true FOR UPDATE OF instance;

-- name: save_setting(key, version, body, correlation_id, changed_at)$
-- Store a setting; gives its epoch.
INSERT INTO setting AS stored (key, version, body, correlation_id, changed_at, epoch)
SELECT :key, :version::bigint, :body::bytea, :correlation_id, :changed_at::timestamptz, epoch FROM instance
ON CONFLICT (key) DO UPDATE SET
    version = EXCLUDED.version, body = EXCLUDED.body, correlation_id = EXCLUDED.correlation_id,
    changed_at = EXCLUDED.changed_at, epoch = GREATEST(stored.epoch, EXCLUDED.epoch)
RETURNING epoch;

-- name: receipts_given(partners, submission_ids)
-- The receipts of submissions that were answered before.
SELECT partner, submission_id, position, key, headers, receipt
FROM unnest(:partners::text[], :submission_ids::text[]) AS asked (partner, submission_id)
    JOIN submission USING (partner, submission_id);

-- name: save_receipts(partners, submission_ids, positions, keys, headers, receipts, received_at)
-- Remember the receipts of a batch; gives those that are new.
INSERT INTO submission (partner, submission_id, position, key, headers, receipt, received_at)
SELECT new.*, :received_at::timestamptz
FROM unnest(:partners::text[], :submission_ids::text[], :positions::text[], :keys::text[], :headers::text[], :receipts::bytea[])
    AS new (partner, submission_id, position, key, headers, receipt)
ON CONFLICT (partner, submission_id) DO NOTHING
RETURNING submission_id;

-- name: note_again(partners, positions, received_at)
-- Note records that repeat a submission; gives those that were not noted before.
INSERT INTO submission_again (partner, position, received_at)
SELECT new.*, :received_at::timestamptz FROM unnest(:partners::text[], :positions::text[]) AS new (partner, position)
ON CONFLICT (partner, position) DO NOTHING
RETURNING position;

-- name: forget_receipts(before)!
-- Forget the receipts of submissions that have long left their topic.
WITH again AS (DELETE FROM submission_again WHERE received_at < :before::timestamptz)
DELETE FROM submission WHERE received_at < :before::timestamptz;

-- name: expired_vacancies(now, at_most)
-- Open vacancies that nobody confirmed in time, the longest expired first.
SELECT vacancy_id FROM vacancy WHERE status = 'open' AND expires_at <= :now::timestamptz ORDER BY expires_at LIMIT :at_most;

-- name: vacancies_to_remind(now, at_most)
-- Open vacancies whose offer is to be asked to confirm them, the longest due first.
SELECT vacancy_id FROM vacancy
WHERE status = 'open' AND remind_at <= :now::timestamptz AND expires_at > :now::timestamptz ORDER BY remind_at LIMIT :at_most;

-- name: vacancies_closed_before(moment, at_most)
-- Vacancies that have been closed for long.
SELECT vacancy_id FROM vacancy WHERE status = 'closed' AND closed_at < :moment::timestamptz ORDER BY closed_at LIMIT :at_most;

-- name: counts()^
-- What an operator wants to know first; it says nothing about anybody.
SELECT (SELECT count(*) FROM vacancy WHERE status = 'open') AS vacancies_open,
       (SELECT count(*) FROM need WHERE status = 'open') AS needs_open,
       (SELECT count(*) FROM offer) AS offers,
       (SELECT count(*) FROM outbox) AS outbox_waiting,
       (SELECT count(*) FROM search_due) AS search_waiting;

-- name: offer_body(offer_id)^
-- One offer as published.
SELECT epoch, version, body FROM offer WHERE offer_id = :offer_id;

-- name: vacancy_body(vacancy_id)^
-- One vacancy as published.
SELECT epoch, version, body FROM vacancy WHERE vacancy_id = :vacancy_id;

-- name: need_body(need_id)^
-- One need as published, by its pseudonym.
SELECT epoch, version, body, handlekommune FROM need WHERE need_id = :need_id;

-- name: list_vacancies(status, after, at_most)
-- Vacancies as published, the newest first: ids rise with time.
SELECT vacancy_id AS key, body FROM vacancy
WHERE body IS NOT NULL AND (:status::text IS NULL OR status = :status) AND (:after::text IS NULL OR vacancy_id < :after)
ORDER BY vacancy_id DESC LIMIT :at_most;

-- name: newest_vacancies_of(offer_id, at_most)
-- The open vacancies of an offer as published, the newest first.
SELECT vacancy_id AS key, body FROM vacancy
WHERE offer_id = :offer_id AND status = 'open' AND body IS NOT NULL ORDER BY vacancy_id DESC LIMIT :at_most;

-- name: last_closed_of(offer_id)^
-- The vacancy of an offer that closed last, as published.
SELECT closed_at, body FROM vacancy WHERE offer_id = :offer_id AND status = 'closed' ORDER BY closed_at DESC NULLS LAST LIMIT 1;

-- name: list_needs(status, municipalities, after, at_most)
-- Needs as published, the newest first; or only those of some municipalities.
SELECT need_id AS key, body FROM need
WHERE body IS NOT NULL AND (:status::text IS NULL OR status = :status) AND (:after::text IS NULL OR need_id < :after)
    AND (:municipalities::text[] IS NULL OR handlekommune = ANY(:municipalities))
ORDER BY need_id DESC LIMIT :at_most;

-- name: list_offers(section, after, at_most)
-- Offers as published, by id; or only those of a section.
SELECT offer_id AS key, body FROM offer
WHERE body IS NOT NULL AND (:after::text IS NULL OR offer_id > :after)
    AND (:section::text IS NULL OR convert_from(body, 'UTF8')::jsonb -> 'sections' ? :section)
ORDER BY offer_id LIMIT :at_most;

-- name: need_references(municipality, status, after, at_most)
-- What a case system compares its own list with: its references, by name, and what we hold under each.
SELECT source_reference, need_id, epoch, version, status FROM need
WHERE handlekommune = :municipality AND source_reference IS NOT NULL AND (:status::text IS NULL OR status = :status)
    AND (:after::text IS NULL OR source_reference > :after)
ORDER BY source_reference LIMIT :at_most;

-- name: open_vacancies_of_offer(offer_id)
-- The open vacancies of an offer, for all of them to be confirmed.
SELECT vacancy_id FROM vacancy WHERE offer_id = :offer_id AND status = 'open' ORDER BY vacancy_id;

-- name: epoch()$
-- Which life of this database it is.
SELECT epoch FROM instance;

-- name: raise_epoch(above)$
-- Begin a new life after a restore: above our own epoch and every one seen on the log.
UPDATE instance SET epoch = GREATEST(epoch, :above::integer) + 1 RETURNING epoch;

-- name: published_offers(after, only, at_most)
-- Offers as they should stand on the log, locked, a page at a time by key; or only one of them.
SELECT offer_id AS key, epoch, version, changed_at, correlation_id, body FROM offer
WHERE offer_id > :after AND (:only::text IS NULL OR offer_id = :only) ORDER BY offer_id LIMIT :at_most FOR UPDATE;

-- name: move_offers(keys, epochs, versions, bodies)!
-- Lift offers into a later epoch or over what somebody else wrote under their keys.
UPDATE offer SET epoch = new.epoch, version = new.version, body = new.body
FROM unnest(:keys::text[], :epochs::integer[], :versions::bigint[], :bodies::bytea[]) AS new (key, epoch, version, body)
WHERE offer.offer_id = new.key;

-- name: published_vacancies(after, only, at_most)
-- Vacancies as they should stand on the log, locked, a page at a time by key; or only one of them.
SELECT vacancy_id AS key, epoch, version, changed_at, correlation_id, body FROM vacancy
WHERE vacancy_id > :after AND (:only::text IS NULL OR vacancy_id = :only) ORDER BY vacancy_id LIMIT :at_most FOR UPDATE;

-- name: move_vacancies(keys, epochs, versions, bodies)!
-- Lift vacancies into a later epoch or over what somebody else wrote under their keys.
UPDATE vacancy SET epoch = new.epoch, version = new.version, body = new.body
FROM unnest(:keys::text[], :epochs::integer[], :versions::bigint[], :bodies::bytea[]) AS new (key, epoch, version, body)
WHERE vacancy.vacancy_id = new.key;

-- name: published_needs(after, only, at_most)
-- Needs as they should stand on the log, locked, a page at a time by key; or only one of them.
SELECT need_id AS key, epoch, version, changed_at, correlation_id, body FROM need
WHERE need_id > :after AND (:only::text IS NULL OR need_id = :only) ORDER BY need_id LIMIT :at_most FOR UPDATE;

-- name: move_needs(keys, epochs, versions, bodies)!
-- Lift needs into a later epoch or over what somebody else wrote under their keys.
UPDATE need SET epoch = new.epoch, version = new.version, body = new.body
FROM unnest(:keys::text[], :epochs::integer[], :versions::bigint[], :bodies::bytea[]) AS new (key, epoch, version, body)
WHERE need.need_id = new.key;

-- name: published_settings(after, only, at_most)
-- Settings as they should stand on the log, locked, a page at a time by key; or only one of them.
SELECT key, epoch, version, changed_at, correlation_id, body FROM setting
WHERE key > :after AND (:only::text IS NULL OR key = :only) ORDER BY key LIMIT :at_most FOR UPDATE;

-- name: move_settings(keys, epochs, versions, bodies)!
-- Lift settings into a later epoch or over what somebody else wrote under their keys.
UPDATE setting SET epoch = new.epoch, version = new.version, body = new.body
FROM unnest(:keys::text[], :epochs::integer[], :versions::bigint[], :bodies::bytea[]) AS new (key, epoch, version, body)
WHERE setting.key = new.key;
