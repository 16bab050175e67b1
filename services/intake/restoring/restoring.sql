-- name: marks()
-- Up to where the log holds nothing that this database does not know.
SELECT topic, partition, next_offset FROM outbox_mark;

-- name: save_marks(topics, partitions, offsets)!
-- Read on from here the next time.
INSERT INTO outbox_mark (topic, partition, next_offset)
SELECT * FROM unnest(:topics::text[], :partitions::integer[], :offsets::bigint[])
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset;

-- name: is_restoring()$
-- Whether a restore has begun and not ended.
SELECT restoring FROM instance;

-- name: set_restoring(restoring)!
-- A restore begins, or has ended.
UPDATE instance SET restoring = :restoring;

-- name: later_offers(keys, epochs, versions, tombstones)
-- Of records of the log, those that this database does not know: later than its own, or of something that it has never had.
SELECT new.key, stored.offer_id IS NOT NULL AS known
FROM unnest(:keys::text[], :epochs::bigint[], :versions::bigint[], :tombstones::boolean[]) AS new (key, epoch, version, tombstone)
    LEFT JOIN offer AS stored ON stored.offer_id = new.key
WHERE (stored.epoch, stored.version) < (new.epoch, new.version) OR (stored.offer_id IS NULL AND NOT new.tombstone);

-- name: later_vacancies(keys, epochs, versions, tombstones)
-- The same of vacancies.
SELECT new.key, stored.vacancy_id IS NOT NULL AS known
FROM unnest(:keys::text[], :epochs::bigint[], :versions::bigint[], :tombstones::boolean[]) AS new (key, epoch, version, tombstone)
    LEFT JOIN vacancy AS stored ON stored.vacancy_id = new.key
WHERE (stored.epoch, stored.version) < (new.epoch, new.version) OR (stored.vacancy_id IS NULL AND NOT new.tombstone);

-- name: later_needs(keys, epochs, versions, tombstones)
-- The same of needs.
SELECT new.key, stored.need_id IS NOT NULL AS known
FROM unnest(:keys::text[], :epochs::bigint[], :versions::bigint[], :tombstones::boolean[]) AS new (key, epoch, version, tombstone)
    LEFT JOIN need AS stored ON stored.need_id = new.key
WHERE (stored.epoch, stored.version) < (new.epoch, new.version) OR (stored.need_id IS NULL AND NOT new.tombstone);

-- name: later_settings(keys, epochs, versions, tombstones)
-- The same of settings.
SELECT new.key, stored.key IS NOT NULL AS known
FROM unnest(:keys::text[], :epochs::bigint[], :versions::bigint[], :tombstones::boolean[]) AS new (key, epoch, version, tombstone)
    LEFT JOIN setting AS stored ON stored.key = new.key
WHERE (stored.epoch, stored.version) < (new.epoch, new.version) OR (stored.key IS NULL AND NOT new.tombstone);

-- name: drop_waiting(topics)$
-- Records of the backup that were still to be published; what stands in the tables is compared with the log instead.
WITH gone AS (DELETE FROM outbox WHERE topic = ANY(:topics::text[]) RETURNING 1) SELECT count(*) FROM gone;

-- name: forget_offers(keys)!
-- Make room for what the log has of these.
DELETE FROM offer WHERE offer_id = ANY(:keys::text[]);

-- name: forget_vacancies(keys)!
-- Make room for what the log has of these.
DELETE FROM vacancy WHERE vacancy_id = ANY(:keys::text[]);

-- name: forget_needs(keys)!
-- Make room for what the log has of these.
DELETE FROM need WHERE need_id = ANY(:keys::text[]);

-- name: settle_offers(keys, epochs, times)!
-- Date what was taken over as it stands on the log.
UPDATE offer SET epoch = new.epoch, changed_at = new.changed_at
FROM unnest(:keys::text[], :epochs::integer[], :times::timestamptz[]) AS new (key, epoch, changed_at) WHERE offer_id = new.key;

-- name: settle_vacancies(keys, epochs, times)!
-- The same of vacancies; since when one is closed or full is not on the log, but at the latest since then.
UPDATE vacancy SET epoch = new.epoch, changed_at = new.changed_at,
    closed_at = CASE WHEN closed_at IS NOT NULL THEN new.changed_at END,
    nothing_free_since = CASE WHEN nothing_free_since IS NOT NULL THEN new.changed_at END
FROM unnest(:keys::text[], :epochs::integer[], :times::timestamptz[]) AS new (key, epoch, changed_at) WHERE vacancy_id = new.key;

-- name: settle_needs(keys, epochs, times)!
-- The same of needs.
UPDATE need SET epoch = new.epoch, changed_at = new.changed_at
FROM unnest(:keys::text[], :epochs::integer[], :times::timestamptz[]) AS new (key, epoch, changed_at) WHERE need_id = new.key;

-- name: last_answered(topics)
-- The last record of each partition of submissions that this database has answered.
SELECT topic, partition, max(record) AS record
FROM submission, regexp_match(position, '^(.*)/(\d+)/(\d+)$') AS part,
    LATERAL (SELECT part[1] AS topic, part[2]::integer AS partition, part[3]::bigint AS record) AS place
WHERE topic = ANY(:topics::text[])
GROUP BY topic, partition;

-- name: remember_answers(partners, submission_ids, positions, keys, headers, receipts, times)$
-- Learn from the log which submissions were answered, and how; gives how many were not known.
WITH learned AS (
    INSERT INTO submission (partner, submission_id, position, key, headers, receipt, received_at)
    SELECT DISTINCT ON (partner, submission_id) *
    FROM unnest(
        :partners::text[], :submission_ids::text[], :positions::text[], :keys::text[], :headers::text[], :receipts::bytea[],
        :times::timestamptz[]
    ) AS new (partner, submission_id, position, key, headers, receipt, received_at)
    ON CONFLICT (partner, submission_id) DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM learned;

-- name: remember_again(partners, positions, times)!
-- Learn which records repeated a submission and were answered too.
INSERT INTO submission_again (partner, position, received_at)
SELECT * FROM unnest(:partners::text[], :positions::text[], :times::timestamptz[])
ON CONFLICT DO NOTHING;
