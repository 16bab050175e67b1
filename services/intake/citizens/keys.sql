-- name: keys_of(citizen_ids)
-- The wrapped keys of citizens.
SELECT citizen_id, key_id, master_key_id, wrapped FROM data_key WHERE citizen_id = ANY(:citizen_ids::text[]);

-- name: add_key(citizen_id, key_id, master_key_id, wrapped)!
-- A new citizen's key; one that is there already stays.
INSERT INTO data_key (citizen_id, key_id, master_key_id, wrapped) VALUES (:citizen_id, :key_id, :master_key_id, :wrapped)
ON CONFLICT (citizen_id) DO NOTHING;

-- name: destroy_keys(citizen_ids, digests)$
-- Delete keys and remember, by digest, that what they were for is erased; says how many there were.
WITH remembered AS (INSERT INTO forgotten (digest) SELECT unnest(:digests::bytea[]) ON CONFLICT DO NOTHING),
     gone AS (DELETE FROM data_key WHERE citizen_id = ANY(:citizen_ids::text[]) RETURNING 1)
SELECT count(*) FROM gone;

-- name: forgotten()
-- Digests of what was erased.
SELECT digest FROM forgotten;

-- name: forgotten_of(digests)
-- Those of some digests that stand for what was erased.
SELECT digest FROM forgotten WHERE digest = ANY(:digests::bytea[]);

-- name: to_rewrap(current, at_most)
-- Keys that are wrapped by another master key than the current one, locked.
SELECT citizen_id, key_id, master_key_id, wrapped FROM data_key WHERE master_key_id <> :current
ORDER BY citizen_id LIMIT :at_most FOR UPDATE SKIP LOCKED;

-- name: rewrap(citizen_ids, master_key_ids, wrapped)!
-- The same keys under another master key.
UPDATE data_key SET master_key_id = new.master_key_id, wrapped = new.wrapped
FROM unnest(:citizen_ids::text[], :master_key_ids::text[], :wrapped::bytea[]) AS new (citizen_id, master_key_id, wrapped)
WHERE data_key.citizen_id = new.citizen_id;

-- name: counts_by_master()
-- How many keys each master key wraps.
SELECT master_key_id, count(*) AS keys FROM data_key GROUP BY master_key_id ORDER BY master_key_id;
