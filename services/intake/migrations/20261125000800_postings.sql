-- migrate:up
ALTER TABLE vacancy ADD COLUMN nothing_free_since timestamptz;
COMMENT ON COLUMN vacancy.nothing_free_since IS
    'Since when it says that nothing is free, however often that was confirmed; null: something is free, or its places are not counted';
UPDATE vacancy SET nothing_free_since = (convert_from(body, 'UTF8')::jsonb ->> 'confirmed_at')::timestamptz
WHERE body IS NOT NULL AND convert_from(body, 'UTF8')::jsonb ->> 'places_free' = '0';

UPDATE vacancy SET closed_at = changed_at WHERE status = 'closed' AND closed_at IS NULL;
DROP INDEX vacancy_closed;
CREATE INDEX vacancy_closed ON vacancy (closed_at) WHERE status = 'closed';

-- migrate:down
DROP INDEX vacancy_closed;
CREATE INDEX vacancy_closed ON vacancy (changed_at) WHERE status = 'closed';
ALTER TABLE vacancy DROP COLUMN nothing_free_since;
