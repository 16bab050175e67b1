-- name: stems(words)
-- The Danish stem of each word.
SELECT word, COALESCE((ts_lexize('ledigplads_stem', word))[1], word) AS stem FROM unnest(:words::text[]) AS word;

-- name: found_anywhere(queries, generation)
-- The numbers of those of the queries that something has, as of a generation or as it is now.
SELECT number FROM unnest(:queries::text[]) WITH ORDINALITY AS asked (query, number)
WHERE EXISTS (
    SELECT FROM search_words AS w JOIN search_entry AS e USING (entry_id)
    WHERE w.words @@ asked.query::tsquery
      AND CASE
          WHEN :generation::bigint IS NULL THEN e.gone IS NULL
          ELSE e.born <= :generation::bigint AND (e.gone IS NULL OR e.gone > :generation::bigint)
      END
);

-- name: known_stems(stems)
-- Those of the stems that something in the index or in the lists has.
SELECT DISTINCT stem FROM search_word WHERE stem = ANY(:stems::text[]);

-- name: nearest_words(words, at_most)
-- For each word the known words that look like it, the likest first.
SELECT asked.word AS asked, near.word, near.stem, near.shown
FROM unnest(:words::text[]) AS asked (word) CROSS JOIN LATERAL (
    SELECT word, stem, shown FROM search_word WHERE word % asked.word ORDER BY similarity(word, asked.word) DESC, word LIMIT :at_most::integer
) AS near;

-- name: add_words(words, stems, spellings)!
-- Remember words for correcting what is typed.
INSERT INTO search_word (word, stem, shown) SELECT * FROM unnest(:words::text[], :stems::text[], :spellings::text[])
ON CONFLICT (word) DO NOTHING;

-- name: codes()
-- Which bit stands for which code.
SELECT dimension, code, bit FROM search_code;

-- name: add_codes(dimensions, codes, masks)!
-- Give a bit to each code that has none: the next free one of its mask.
WITH new AS (
    SELECT dimension, code, mask, row_number() OVER (PARTITION BY mask ORDER BY number) AS place
    FROM unnest(:dimensions::text[], :codes::text[], :masks::text[]) WITH ORDINALITY AS given (dimension, code, mask, number)
    WHERE NOT EXISTS (SELECT FROM search_code AS there WHERE there.dimension = given.dimension AND there.code = given.code)
)
INSERT INTO search_code (dimension, code, mask, bit)
SELECT dimension, code, mask, place - 1 + (SELECT count(*) FROM search_code AS there WHERE there.mask = new.mask) FROM new;

-- name: turn()^
-- The right to project, until the transaction ends; nothing when another process has it.
SELECT generation, indexing FROM search_state FOR UPDATE SKIP LOCKED;

-- name: turn_waited_for()^
-- The right to project; waits for it.
SELECT generation, indexing FROM search_state FOR UPDATE;

-- name: set_indexing(indexing)!
-- Say what the index is made with from now on.
UPDATE search_state SET indexing = :indexing;

-- name: everything_is_due()$
-- Have everything projected again, and what is in the search without being published any more looked at; says how much.
WITH due AS (
    INSERT INTO search_due (offer_id, vacancy_id)
    SELECT offer_id, NULL AS vacancy_id FROM offer
    UNION ALL
    SELECT offer_id, vacancy_id FROM vacancy WHERE status = 'open'
    UNION
    SELECT offer_id, CASE WHEN starts_with(key, 'v') THEN substr(key, 3) END AS vacancy_id FROM search_entry WHERE gone IS NULL
    ORDER BY vacancy_id NULLS FIRST
    RETURNING 1
)
SELECT count(*) FROM due;

-- name: take_due(at_most)
-- Take what has waited longest.
DELETE FROM search_due WHERE due_id IN (SELECT due_id FROM search_due ORDER BY due_id LIMIT :at_most::integer) RETURNING offer_id, vacancy_id;

-- name: waiting()^
-- How much waits, counted up to 10,000, since when, and the last of it.
SELECT (SELECT count(*) FROM (SELECT FROM search_due LIMIT 10000) AS those) AS waiting,
       (SELECT due_at FROM search_due ORDER BY due_id LIMIT 1) AS since,
       (SELECT max(due_id) FROM search_due) AS newest;

-- name: offers_to_project(offer_ids)
-- Offers as published, whether they have an open vacancy, and the one that closed last.
SELECT offer.offer_id, offer.body, last_closed.closed_at, last_closed.body AS closed_body,
       EXISTS (SELECT FROM vacancy WHERE vacancy.offer_id = offer.offer_id AND vacancy.status = 'open') AS has_open
FROM offer LEFT JOIN LATERAL (
    SELECT closed_at, body FROM vacancy WHERE vacancy.offer_id = offer.offer_id AND vacancy.status = 'closed'
    ORDER BY closed_at DESC NULLS LAST LIMIT 1
) AS last_closed ON true
WHERE offer.offer_id = ANY(:offer_ids::text[]);

-- name: vacancies_to_project(vacancy_ids)
-- Open vacancies as published.
SELECT vacancy_id, offer_id, body FROM vacancy WHERE vacancy_id = ANY(:vacancy_ids::text[]) AND status = 'open';

-- name: vacancies_are_due(offer_ids, but)!
-- Vacancies say what their changed offers say of themselves; those that are not searchable yet are due already.
INSERT INTO search_due (offer_id, vacancy_id)
SELECT offer_id, substr(key, 3) FROM search_entry
WHERE offer_id = ANY(:offer_ids::text[]) AND gone IS NULL AND starts_with(key, 'v') AND NOT substr(key, 3) = ANY(:but::text[]);

-- name: next_generation()$
-- Begin the generation of this batch.
UPDATE search_state SET generation = generation + 1 RETURNING generation;

-- name: remove_entries(keys)!
-- Take hits out of the search, with every version of them.
WITH gone AS (DELETE FROM search_entry WHERE key = ANY(:keys::text[]) RETURNING entry_id),
     words AS (DELETE FROM search_words WHERE entry_id IN (SELECT entry_id FROM gone))
DELETE FROM search_hit WHERE entry_id IN (SELECT entry_id FROM gone);

-- name: replace_entries(keys, generation, now)!
-- Let versions end; who reads as of an earlier generation has them for a while yet.
UPDATE search_entry SET gone = :generation::bigint, gone_at = :now::timestamptz WHERE key = ANY(:keys::text[]) AND gone IS NULL;

-- name: add_entries(keys, offer_ids, generation, places, eastings, northings, confirmed, free_days, until_days, ages_from, ages_to, offer_masks, for_masks, doing_masks, languages, words, hits)!
-- Add versions.
WITH new AS (
    SELECT * FROM unnest(
        :keys::text[], :offer_ids::text[], :places::integer[], :eastings::integer[], :northings::integer[], :confirmed::bigint[],
        :free_days::integer[], :until_days::integer[], :ages_from::smallint[], :ages_to::smallint[], :offer_masks::bigint[], :for_masks::bigint[],
        :doing_masks::bigint[], :languages::text[], :words::text[], :hits::bytea[]
    ) AS given (
        key, offer_id, place, easting_m, northing_m, confirmed_s, free_day, until_day, age_from, age_to, offer_mask, for_mask, doing_mask, languages, words,
        hit
    )
), entries AS (
    INSERT INTO search_entry (
        key, offer_id, born, place, easting_m, northing_m, confirmed_s, free_day, until_day, age_from, age_to, offer_mask, for_mask, doing_mask, languages
    )
    SELECT key, offer_id, :generation::bigint, place, easting_m, northing_m, confirmed_s, free_day, until_day, age_from, age_to, offer_mask, for_mask,
           doing_mask, string_to_array(languages, ' ')
    FROM new
    RETURNING entry_id, key
), worded AS (
    INSERT INTO search_words (entry_id, words) SELECT entry_id, new.words::tsvector FROM entries JOIN new ON new.key = entries.key
)
INSERT INTO search_hit (entry_id, hit) SELECT entry_id, new.hit FROM entries JOIN new ON new.key = entries.key;

-- name: tidy(before)$
-- Delete versions that were replaced before a moment; says how many.
WITH gone AS (DELETE FROM search_entry WHERE gone_at < :before::timestamptz RETURNING entry_id, gone),
     words AS (DELETE FROM search_words WHERE entry_id IN (SELECT entry_id FROM gone)),
     hits AS (DELETE FROM search_hit WHERE entry_id IN (SELECT entry_id FROM gone)),
     state AS (UPDATE search_state SET oldest_generation = GREATEST(oldest_generation, (SELECT max(gone) FROM gone)))
SELECT count(*) FROM gone;

-- name: oldest_generation()$
-- The first generation that can still be read.
SELECT oldest_generation FROM search_state;

-- name: entries_of_offer(offer_id)
-- The hits of one offer as they stand now.
SELECT key FROM search_entry WHERE offer_id = :offer_id AND gone IS NULL;
