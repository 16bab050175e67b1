-- name: one_writer(lock_key)$
-- Held to the end of the transaction: the copy of a vacancy and the place that waits for it cannot pass each other unseen,
-- and alert ids rise in the order in which they become visible.
SELECT pg_advisory_xact_lock(:lock_key);

-- name: born_at()$
-- When this database began.
SELECT born_at FROM birth;

-- name: save_vacancies(vacancy_ids, epochs, versions, statuses, openings, saids)
-- The newest state of each vacancy, under the version rule; gives the ids of those that were newer.
INSERT INTO vacancies AS held (vacancy_id, epoch, version, status, opening, said)
SELECT * FROM unnest(:vacancy_ids::text[], :epochs::bigint[], :versions::bigint[], :statuses::text[], :openings::int[], :saids::jsonb[])
ON CONFLICT (vacancy_id) DO UPDATE
SET epoch = excluded.epoch, version = excluded.version, status = excluded.status, opening = excluded.opening, said = excluded.said
WHERE (excluded.epoch, excluded.version) > (held.epoch, held.version)
RETURNING vacancy_id;

-- name: claims(partitions)
-- The highest claim known per partition.
SELECT partition, epoch, log_offset FROM claims WHERE partition = ANY(:partitions::int[]);

-- name: save_claims(partitions, epochs, log_offsets)!
-- Higher claims replace lower ones.
INSERT INTO claims AS held (partition, epoch, log_offset)
SELECT * FROM unnest(:partitions::int[], :epochs::bigint[], :log_offsets::bigint[])
ON CONFLICT (partition) DO UPDATE SET epoch = excluded.epoch, log_offset = excluded.log_offset WHERE excluded.epoch > held.epoch;

-- name: save_matches(need_ids, epochs, versions, gone, persons, places, abouts)
-- The newest record per need, under the version rule; gives the needs whose record was newer.
INSERT INTO matches AS held (need_id, epoch, version, gone, person, places, about)
SELECT * FROM unnest(
    :need_ids::text[], :epochs::bigint[], :versions::bigint[], :gone::boolean[], :persons::text[], :places::int[], :abouts::jsonb[]
) AS new (need_id, epoch, version, gone, person, places, about)
WHERE NOT EXISTS (
    SELECT FROM erased_needs
    WHERE digest = sha256(convert_to(new.need_id, 'UTF8')) AND (erased_needs.epoch, erased_needs.version) >= (new.epoch, new.version)
)
ON CONFLICT (need_id) DO UPDATE
SET epoch = excluded.epoch, version = excluded.version, gone = excluded.gone, places = excluded.places,
    person = CASE WHEN excluded.gone THEN held.person ELSE excluded.person END,
    about = CASE WHEN excluded.gone THEN held.about ELSE excluded.about END
WHERE (excluded.epoch, excluded.version) > (held.epoch, held.version)
RETURNING need_id;

-- name: erase_needs(need_ids, epochs, versions)
-- Forget needs whose tombstone says that they are erased, and all that was said about them; gives those that something was held of.
WITH told AS (
    SELECT * FROM unnest(:need_ids::text[], :epochs::bigint[], :versions::bigint[]) AS told (need_id, epoch, version)
), erased AS (
    SELECT told.* FROM told LEFT JOIN matches AS held USING (need_id)
    WHERE held.need_id IS NULL OR (told.epoch, told.version) > (held.epoch, held.version)
), remembered AS (
    INSERT INTO erased_needs AS known (digest, epoch, version)
    SELECT sha256(convert_to(need_id, 'UTF8')), epoch, version FROM erased
    ON CONFLICT (digest) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
    WHERE (excluded.epoch, excluded.version) > (known.epoch, known.version)
), alerts_gone AS (
    DELETE FROM alerts USING erased WHERE alerts.need_id = erased.need_id
), waiting_gone AS (
    DELETE FROM waiting_places USING erased WHERE waiting_places.need_id = erased.need_id
)
DELETE FROM matches USING erased WHERE matches.need_id = erased.need_id RETURNING matches.need_id;

-- name: erase_deliveries(need_ids)!
-- After the alerts that refer to them.
DELETE FROM deliveries WHERE need_id = ANY(:need_ids::text[]);

-- name: is_to_be_rewritten()$
-- Whether tables still hold the bytes of what was erased.
SELECT EXISTS (SELECT FROM erased_needs WHERE NOT rewritten);

-- name: sizes(tables)
-- How large tables are, with their indexes.
SELECT name, pg_total_relation_size(name::regclass) AS bytes FROM unnest(:tables::text[]) AS name;

-- name: were_rewritten(before)!
-- What was erased before a moment has left the tables' files.
UPDATE erased_needs SET rewritten = true WHERE NOT rewritten AND erased_at < :before::timestamptz;

-- name: now()$
-- The database's clock.
SELECT clock_timestamp();

-- name: unsaid_places(persons, need_ids, vacancy_ids, openings)
-- Of these lists (a person, a need, its places by comma) the places that the person was not alerted to in this or a later opening,
-- with what is known of the vacancy. Places are a list's text, since asyncpg encodes a text far faster than the rows that it stands for.
SELECT list.ordinal - 1 AS list, place.ordinal - 1 AS place,
       copy.epoch AS copy_epoch, copy.version AS copy_version, copy.opening AS copy_opening, copy.status AS copy_status,
       said.opening AS alerted_opening, people.mail IS NOT NULL AS has_mail
FROM unnest(:persons::text[], :need_ids::text[], :vacancy_ids::text[], :openings::text[])
     WITH ORDINALITY AS list (person, need_id, vacancy_ids, openings, ordinal)
CROSS JOIN LATERAL unnest(string_to_array(list.vacancy_ids, ','), string_to_array(list.openings, ',')::int[])
     WITH ORDINALITY AS place (vacancy_id, opening, ordinal)
LEFT JOIN LATERAL (
    SELECT max(alerts.opening) AS opening FROM alerts
    WHERE alerts.person = list.person AND alerts.need_id = list.need_id AND alerts.vacancy_id = place.vacancy_id
) AS said ON true
LEFT JOIN vacancies AS copy ON copy.vacancy_id = place.vacancy_id
LEFT JOIN people ON people.person = list.person
WHERE said.opening IS NULL OR said.opening < place.opening
ORDER BY list.ordinal, place.ordinal;

-- name: waiting_for(vacancy_ids)
-- The places that wait for one of these vacancies.
SELECT * FROM waiting_places WHERE vacancy_id = ANY(:vacancy_ids::text[]) ORDER BY need_id, vacancy_id;

-- name: stop_waiting_of_needs(need_ids)
-- A newer record of a need says anew what waits.
DELETE FROM waiting_places WHERE need_id = ANY(:need_ids::text[]) RETURNING need_id, vacancy_id, quiet;

-- name: stop_waiting(need_ids, vacancy_ids)!
-- These places have been judged.
DELETE FROM waiting_places AS held
USING unnest(:need_ids::text[], :vacancy_ids::text[]) AS judged (need_id, vacancy_id)
WHERE held.need_id = judged.need_id AND held.vacancy_id = judged.vacancy_id;

-- name: start_waiting(need_ids, vacancy_ids, persons, openings, vacancy_versions, scores, points, unknowns, policies, match_epochs, match_versions, happened, correlation_ids, vacancy_epochs, quiets)!
-- Keep places until their vacancy arrives.
INSERT INTO waiting_places (
    need_id, vacancy_id, person, opening, vacancy_version, score, points, unknown, policy, match_epoch, match_version, happened_at,
    correlation_id, vacancy_epoch, quiet
)
SELECT need_id, vacancy_id, person, opening, vacancy_version, score, points, string_to_array(unknown, ','),
       policy, match_epoch, match_version, happened_at, correlation_id,
       vacancy_epoch, quiet
FROM unnest(
    :need_ids::text[], :vacancy_ids::text[], :persons::text[], :openings::int[], :vacancy_versions::bigint[], :scores::int[],
    :points::jsonb[], :unknowns::text[], :policies::text[], :match_epochs::bigint[], :match_versions::bigint[],
    :happened::timestamptz[], :correlation_ids::text[], :vacancy_epochs::bigint[], :quiets::boolean[]
) AS new (
    need_id, vacancy_id, person, opening, vacancy_version, score, points, unknown, policy, match_epoch, match_version, happened_at,
    correlation_id, vacancy_epoch, quiet
);

-- name: save_deliveries(delivery_ids, persons, need_ids, correlation_ids)!
-- Mails to be sent; the sender wakes when this commits.
WITH added AS (
    INSERT INTO deliveries (delivery_id, person, need_id, channel, correlation_id)
    SELECT delivery_id, person, need_id, 'mail', correlation_id
    FROM unnest(:delivery_ids::uuid[], :persons::text[], :need_ids::text[], :correlation_ids::text[])
         AS new (delivery_id, person, need_id, correlation_id)
    RETURNING 1
)
SELECT pg_notify('deliveries', '') WHERE EXISTS (SELECT FROM added);

-- name: save_alerts(persons, need_ids, vacancy_ids, openings, kinds, scores, points, unknowns, policies, delivery_ids, correlation_ids)
-- Alerts with what the vacancy says now, in the order given; open streams wake when this commits and hear the last id.
WITH added AS (
    INSERT INTO alerts (
        person, need_id, vacancy_id, opening, kind, score, points, unknown, policy, said, delivery_id, correlation_id
    )
    SELECT new.person, new.need_id, new.vacancy_id, new.opening, new.kind, new.score, new.points,
           string_to_array(new.unknown, ','), new.policy, copy.said, new.delivery_id, new.correlation_id
    FROM unnest(
        :persons::text[], :need_ids::text[], :vacancy_ids::text[], :openings::int[], :kinds::text[], :scores::int[],
        :points::jsonb[], :unknowns::text[], :policies::text[], :delivery_ids::uuid[], :correlation_ids::text[]
    ) WITH ORDINALITY AS new (
        person, need_id, vacancy_id, opening, kind, score, points, unknown, policy, delivery_id, correlation_id, ordinal
    )
    JOIN vacancies AS copy ON copy.vacancy_id = new.vacancy_id
    ORDER BY new.ordinal
    ON CONFLICT ON CONSTRAINT alert_identity DO NOTHING
    RETURNING alert_id
), told AS (
    SELECT pg_notify('alerts', max(alert_id)::text) FROM added
)
SELECT added.alert_id FROM added, told;

-- name: save_settings_position(key, epoch, version)$
-- Gives the key if this position was newer.
INSERT INTO settings_seen AS held (key, epoch, version) VALUES (:key, :epoch, :version)
ON CONFLICT (key) DO UPDATE SET epoch = excluded.epoch, version = excluded.version
WHERE (excluded.epoch, excluded.version) > (held.epoch, held.version)
RETURNING key;

-- name: save_policy(hash, words)!
-- The words and maxima of a policy, by its hash; a policy never changes.
INSERT INTO policies (hash, words) VALUES (:hash, :words) ON CONFLICT (hash) DO NOTHING;

-- name: policies()
-- Every policy that was seen.
SELECT hash, words FROM policies;

-- name: alerts_after(after, persons, everyone, most)
-- Alerts in the order in which they became visible.
SELECT * FROM alerts
WHERE alert_id > :after AND (:everyone::boolean OR person = ANY(:persons::text[]))
ORDER BY alert_id LIMIT :most;

-- name: latest_alerts(person, before, most)
-- A page of a person's inbox, newest first, with how the need and the vacancy stand now.
SELECT alerts.*, matches.about, coalesce(matches.gone, false) AS need_gone,
       coalesce(copy.status = 'open' AND copy.opening = alerts.opening, false) AS still_open, copy.said AS said_now
FROM alerts
LEFT JOIN matches ON matches.need_id = alerts.need_id
LEFT JOIN vacancies AS copy ON copy.vacancy_id = alerts.vacancy_id
WHERE alerts.person = :person AND alerts.alert_id < :before
ORDER BY alerts.alert_id DESC LIMIT :most;

-- name: abouts(need_ids)
-- What is known of these needs: urgency, waiting since, municipality.
SELECT need_id, about FROM matches WHERE need_id = ANY(:need_ids::text[]);

-- name: last_alert_id()$
-- Where a stream that wants only what is new begins.
SELECT coalesce(max(alert_id), 0) FROM alerts;

-- name: save_person(person, person_name, mail, municipality, team, language)$
-- Gives whether the person is new.
INSERT INTO people (person, name, mail, municipality, team, language)
VALUES (:person, :person_name, :mail, :municipality, :team, :language)
ON CONFLICT (person) DO UPDATE
SET name = excluded.name, mail = excluded.mail, municipality = excluded.municipality, team = excluded.team,
    language = excluded.language, changed_at = now()
RETURNING xmax = 0;

-- name: people()
-- Everybody that alerts can be for.
SELECT person, name, mail, municipality, team, language FROM people ORDER BY person;

-- name: lease_deliveries(lease_seconds, most)
-- Takes what is due and makes it due again after the lease, should the sender die; two senders never take the same.
WITH due AS (
    SELECT delivery_id FROM deliveries WHERE state = 'waiting' AND next_at <= clock_timestamp()
    ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE deliveries AS held SET attempts = attempts + 1, next_at = clock_timestamp() + make_interval(secs => :lease_seconds)
    FROM due WHERE held.delivery_id = due.delivery_id
    RETURNING held.*
)
SELECT leased.delivery_id, leased.person, leased.need_id, leased.attempts, leased.created_at, leased.correlation_id,
       people.mail, people.name, clock_timestamp() AS taken_at
FROM leased LEFT JOIN people ON people.person = leased.person
ORDER BY leased.created_at, leased.delivery_id;

-- name: alerts_of_deliveries(delivery_ids)
-- What these mails are to say.
SELECT * FROM alerts WHERE delivery_id = ANY(:delivery_ids::uuid[]) ORDER BY score DESC, vacancy_id;

-- name: save_outcomes(delivery_ids, states, reasons, wait_seconds, attempts_back)!
-- What came of deliveries that were leased; a delivery that another sender has finished meanwhile stays finished.
UPDATE deliveries AS held
SET state = came.state, reason = came.reason, attempts = held.attempts - came.attempts_back,
    next_at = clock_timestamp() + make_interval(secs => came.wait_seconds),
    finished_at = CASE WHEN came.state <> 'waiting' THEN clock_timestamp() END
FROM unnest(:delivery_ids::uuid[], :states::text[], :reasons::text[], :wait_seconds::float8[], :attempts_back::int[])
     AS came (delivery_id, state, reason, wait_seconds, attempts_back)
WHERE held.delivery_id = came.delivery_id AND held.state = 'waiting';

-- name: seconds_until_due()$
-- How long until the next delivery is due; null when none waits.
SELECT extract(epoch FROM min(next_at) - clock_timestamp())::float8 FROM deliveries WHERE state = 'waiting';

-- name: fix_what_is_waited_for(ends)!
-- The places that began to wait since this was last asked wait until the copy has passed these offsets.
UPDATE waiting_places SET until = :ends::bigint[] WHERE until IS NULL;

-- name: mark_stale(passed)$
-- Places whose vacancy the copy should have met by now: it is gone, or could not be read. Gives how many still wait.
WITH marked AS (
    UPDATE waiting_places SET stale = true
    WHERE NOT stale AND until IS NOT NULL
      AND NOT EXISTS (
          SELECT FROM unnest(until, :passed::bigint[]) AS one (awaited, reached) WHERE coalesce(reached, 0) < awaited
      )
    RETURNING 1
)
SELECT (SELECT count(*) FROM waiting_places WHERE NOT stale) - (SELECT count(*) FROM marked);

-- name: waiting_places_now()^
-- How many places wait, and for how many of them the offsets were not asked for yet.
SELECT count(*) AS waiting, count(*) FILTER (WHERE until IS NULL) AS unfixed FROM waiting_places WHERE NOT stale;

-- name: counts()^
-- For the operator: how much there is of everything.
SELECT (SELECT count(*) FROM alerts) AS alerts,
       (SELECT count(*) FROM deliveries WHERE state = 'waiting') AS deliveries_waiting,
       (SELECT count(*) FROM deliveries WHERE state = 'delivered') AS deliveries_delivered,
       (SELECT count(*) FROM deliveries WHERE state = 'given_up') AS deliveries_given_up,
       (SELECT count(*) FROM vacancies WHERE status = 'open') AS vacancies,
       (SELECT coalesce(sum(places), 0) FROM matches WHERE NOT gone) AS matches,
       (SELECT count(*) FROM waiting_places WHERE NOT stale) AS places_waiting,
       (SELECT count(*) FROM waiting_places WHERE stale) AS places_stale;

-- name: fresh_at(topic)$
-- Up to when the database is known to have all of a topic; null: it never read it.
SELECT fresh_at FROM readings WHERE topic = :topic;

-- name: until(topic)$
-- The end offsets that a reading again has to reach; null where none is under way.
SELECT until FROM readings WHERE topic = :topic;

-- name: mark_fresh(topic, now)!
-- The database has all of a topic now. While the topic is read again, that is not known.
INSERT INTO readings AS held (topic, fresh_at) VALUES (:topic, :now)
ON CONFLICT (topic) DO UPDATE SET fresh_at = excluded.fresh_at WHERE held.until IS NULL;

-- name: begin_rereading(topic, ends, now)!
-- The topic is read again up to these offsets; it stays as stale as it was until then, so that an end on the way begins anew.
INSERT INTO readings AS held (topic, fresh_at, until) VALUES (:topic, CAST(:now AS timestamptz) - interval '10 years', :ends::bigint[])
ON CONFLICT (topic) DO UPDATE SET until = excluded.until;

-- name: hold_all_unseen(topic)!
-- All that is held of a topic has yet to show.
INSERT INTO unseen (topic, key)
SELECT 'vacancies', vacancy_id FROM vacancies WHERE :topic = 'vacancies' AND status <> 'gone'
UNION ALL SELECT 'matches', need_id FROM matches WHERE :topic = 'matches' AND NOT gone
ON CONFLICT DO NOTHING;

-- name: saw(topic, keys)!
-- These have shown.
DELETE FROM unseen WHERE topic = :topic AND key = ANY(:keys::text[]);

-- name: erase_unseen(topic)
-- What has not shown is gone: its tombstone came and went meanwhile. Gives the keys.
WITH vanished AS (
    DELETE FROM unseen WHERE topic = :topic RETURNING topic, key
), vacancies_gone AS (
    UPDATE vacancies SET status = 'gone', opening = 0, said = NULL
    FROM vanished WHERE vanished.topic = 'vacancies' AND vacancies.vacancy_id = vanished.key
)
SELECT key FROM vanished;

-- name: positions_of(need_ids)
-- Where the records of needs stood.
SELECT need_id, epoch, version FROM matches WHERE need_id = ANY(:need_ids::text[]);

-- name: end_rereading(topic, now)!
-- The topic has been read again.
UPDATE readings SET until = NULL, fresh_at = :now WHERE topic = :topic;
