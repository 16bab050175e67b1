-- migrate:up
-- The public search. Its tables hold published columns only (they are filled from `offer.body` and `vacancy.body`, never from `terms`),
-- and they are made of those alone: POST /operator/search/rebuild fills them again.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TEXT SEARCH DICTIONARY ledigplads_stem (TEMPLATE = pg_catalog.snowball, Language = danish);
COMMENT ON TEXT SEARCH DICTIONARY ledigplads_stem IS 'Danish stems; which words are left out is said beside the code (search/words.yaml)';

ALTER TABLE vacancy ADD COLUMN closed_at timestamptz;
COMMENT ON COLUMN vacancy.closed_at IS 'Since when it is closed: the day on which an offer was last known to have nothing free';

-- What has changed and is not yet searchable: written in the transaction of the change by the triggers below, so that no way in can forget
-- it. It has no key but its number: two transactions never wait for each other here.
CREATE TABLE search_due (
    due_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    offer_id text NOT NULL,
    vacancy_id text,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN search_due.vacancy_id IS 'Null: the offer itself, and with it every open vacancy of it';

CREATE TABLE search_state (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    generation bigint NOT NULL DEFAULT 0,
    oldest_generation bigint NOT NULL DEFAULT 0,
    indexing text NOT NULL DEFAULT ''
);
COMMENT ON TABLE search_state IS 'One row, locked while a projector works: so generations commit in their order';
COMMENT ON COLUMN search_state.generation IS 'Rises with each batch that was projected; a page of results is as of one generation';
COMMENT ON COLUMN search_state.oldest_generation IS 'Before it, versions that were replaced have been deleted: a cursor from there has ended';
COMMENT ON COLUMN search_state.indexing IS 'Hash of what the words of the index were made with; another one has everything indexed again';
INSERT INTO search_state DEFAULT VALUES;

CREATE TABLE search_code (
    dimension text NOT NULL,
    code text NOT NULL,
    bit smallint NOT NULL CHECK (bit BETWEEN 0 AND 62),
    mask text NOT NULL,
    PRIMARY KEY (dimension, code),
    UNIQUE (mask, bit)
);
COMMENT ON TABLE search_code IS 'Which bit of which mask stands for a code; a code keeps its bit for good';

CREATE TABLE search_entry (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text COLLATE "C" NOT NULL,
    offer_id text NOT NULL,
    born bigint NOT NULL,
    gone bigint,
    gone_at timestamptz,
    place integer NOT NULL,
    easting_m integer,
    northing_m integer,
    confirmed_s bigint,
    free_day integer,
    until_day integer,
    age_from smallint NOT NULL,
    age_to smallint NOT NULL,
    offer_mask bigint NOT NULL,
    for_mask bigint NOT NULL,
    doing_mask bigint NOT NULL,
    languages text[] NOT NULL
);
COMMENT ON TABLE search_entry IS 'One row per version of a hit: an open vacancy, or an offer that has none; narrow, since a search without words reads all of it';
COMMENT ON COLUMN search_entry.key IS 'v:<vacancy id> or o:<offer id>';
COMMENT ON COLUMN search_entry.gone IS 'The generation that replaced this version; what is withdrawn or protected is deleted at once instead';
COMMENT ON COLUMN search_entry.place IS 'Number of the landsdel times 10000 plus the kommune; the kommune is 0 where the address is protected';
COMMENT ON COLUMN search_entry.easting_m IS 'EPSG:25832; the middle of the kommune where nothing nearer is stated; null where the address is protected';
COMMENT ON COLUMN search_entry.confirmed_s IS 'When somebody last said how it stands, seconds since 1970; null: not known';
COMMENT ON COLUMN search_entry.free_day IS 'First day of a free place, days since 1970, 0: at once; null: nothing free, or not known';
COMMENT ON COLUMN search_entry.until_day IS 'Last day of it; null: open-ended';
CREATE UNIQUE INDEX search_entry_now ON search_entry (key) WHERE gone IS NULL;
CREATE INDEX search_entry_of_offer ON search_entry (offer_id);
CREATE INDEX search_entry_place ON search_entry (place);
CREATE INDEX search_entry_gone ON search_entry (gone_at) WHERE gone IS NOT NULL;

CREATE TABLE search_words (
    entry_id bigint PRIMARY KEY,
    words tsvector NOT NULL
);
COMMENT ON TABLE search_words IS 'Stems and codes of a version: A title and name, B kind and section, C text and labels, D codes and parts of compounds';
CREATE INDEX search_words_words ON search_words USING gin (words) WITH (fastupdate = off);

CREATE TABLE search_hit (
    entry_id bigint PRIMARY KEY,
    hit bytea NOT NULL
);
COMMENT ON TABLE search_hit IS 'What is shown of a version, JSON';

CREATE TABLE search_word (
    word text PRIMARY KEY,
    stem text NOT NULL,
    shown text NOT NULL
);
COMMENT ON TABLE search_word IS 'Every word that the index has or the lists know, for correcting what is typed';
CREATE INDEX search_word_stem ON search_word (stem);
CREATE INDEX search_word_alike ON search_word USING gin (word gin_trgm_ops);

CREATE FUNCTION search_offers_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (offer_id) SELECT offer_id FROM changed;
    RETURN NULL;
END $$;

CREATE FUNCTION search_vacancies_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_due (offer_id, vacancy_id) SELECT offer_id, vacancy_id FROM changed;
    RETURN NULL;
END $$;

CREATE TRIGGER search_offer_added AFTER INSERT ON offer
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_offers_changed();
CREATE TRIGGER search_offer_changed AFTER UPDATE ON offer
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_offers_changed();
CREATE TRIGGER search_offer_deleted AFTER DELETE ON offer
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_offers_changed();
CREATE TRIGGER search_vacancy_added AFTER INSERT ON vacancy
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_vacancies_changed();
CREATE TRIGGER search_vacancy_changed AFTER UPDATE ON vacancy
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_vacancies_changed();
CREATE TRIGGER search_vacancy_deleted AFTER DELETE ON vacancy
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION search_vacancies_changed();

INSERT INTO search_due (offer_id) SELECT offer_id FROM offer;
INSERT INTO search_due (offer_id, vacancy_id) SELECT offer_id, vacancy_id FROM vacancy WHERE status = 'open';

-- migrate:down
DROP TRIGGER search_vacancy_deleted ON vacancy;
DROP TRIGGER search_vacancy_changed ON vacancy;
DROP TRIGGER search_vacancy_added ON vacancy;
DROP TRIGGER search_offer_deleted ON offer;
DROP TRIGGER search_offer_changed ON offer;
DROP TRIGGER search_offer_added ON offer;
DROP FUNCTION search_vacancies_changed, search_offers_changed;
DROP TABLE search_word, search_hit, search_words, search_entry, search_code, search_state, search_due;
ALTER TABLE vacancy DROP COLUMN closed_at;
DROP TEXT SEARCH DICTIONARY ledigplads_stem;
