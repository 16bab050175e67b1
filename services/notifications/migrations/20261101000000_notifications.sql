-- migrate:up

-- When this database began: nothing that happened before is pushed (DESIGN, matching, item 8).
CREATE TABLE birth (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    born_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO birth DEFAULT VALUES;

-- People who work with cases, never citizens. By operator call, never from a topic and never on one.
CREATE TABLE people (
    person text PRIMARY KEY,
    name text,
    mail text,
    municipality text,
    team text,
    language text NOT NULL DEFAULT 'da' CHECK (language IN ('da', 'en')),
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- Own copy of the topic `vacancies`: what an alert says. A tombstone leaves its position and nothing else.
CREATE TABLE vacancies (
    vacancy_id text PRIMARY KEY,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'closed', 'gone')),
    opening integer NOT NULL,
    said jsonb
);

-- The newest record of `matches` per need: its position (kept after a tombstone), whom it concerns, how many places.
CREATE TABLE matches (
    need_id text PRIMARY KEY,
    epoch bigint NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL,
    person text NOT NULL,
    places integer NOT NULL,
    about jsonb NOT NULL
);

-- The highest claim per partition of `matches`, and where it stands: an older epoch behind it is a fenced writer's.
CREATE TABLE claims (
    partition integer PRIMARY KEY,
    epoch bigint NOT NULL,
    log_offset bigint NOT NULL
);

-- The newest position per key of `settings`, and the policies that were seen: their words and maxima explain the points.
CREATE TABLE settings_seen (
    key text PRIMARY KEY,
    epoch bigint NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE policies (
    hash text PRIMARY KEY,
    words jsonb NOT NULL
);

-- Places of a match whose vacancy the own copy does not have yet.
CREATE TABLE waiting_places (
    need_id text NOT NULL,
    vacancy_id text NOT NULL,
    person text NOT NULL,
    opening integer NOT NULL,
    vacancy_version bigint NOT NULL,
    score integer NOT NULL,
    points jsonb NOT NULL,
    unknown text[] NOT NULL,
    policy text NOT NULL,
    match_epoch bigint NOT NULL,
    match_version bigint NOT NULL,
    happened_at timestamptz NOT NULL,
    correlation_id text NOT NULL,
    -- End offsets of `vacancies`, by partition, taken when the place began to wait; null until they were asked for.
    until bigint[],
    stale boolean NOT NULL DEFAULT false,
    PRIMARY KEY (need_id, vacancy_id)
);
CREATE INDEX waiting_places_by_vacancy ON waiting_places (vacancy_id);

CREATE TABLE deliveries (
    delivery_id uuid PRIMARY KEY,
    person text NOT NULL,
    need_id text NOT NULL,
    channel text NOT NULL CHECK (channel IN ('mail')),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text,
    correlation_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'waiting';

-- Writers of alerts take one lock (queries.sql: one_writer), so ids rise in the order of the commits: a stream resumes by id.
CREATE TABLE alerts (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person text NOT NULL,
    need_id text NOT NULL,
    vacancy_id text NOT NULL,
    opening integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('new', 'reopened')),
    score integer NOT NULL,
    points jsonb NOT NULL,
    unknown text[] NOT NULL,
    policy text NOT NULL,
    said jsonb NOT NULL,
    delivery_id uuid REFERENCES deliveries,
    correlation_id text NOT NULL,
    alerted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT alert_identity UNIQUE (person, need_id, vacancy_id, opening, kind)
);
CREATE INDEX alerts_by_person ON alerts (person, alert_id);
CREATE INDEX alerts_by_delivery ON alerts (delivery_id) WHERE delivery_id IS NOT NULL;

-- migrate:down

DROP TABLE alerts, deliveries, waiting_places, policies, settings_seen, claims, matches, vacancies, people, birth;
