-- name: take_key(caller, key)$
-- Be the only one who answers a request with this key until the commit; says whether it could be had.
SELECT pg_try_advisory_xact_lock(hashtext('answered_request'), hashtext(:caller || ' ' || :key));

-- name: answer_given(caller, key)^
-- What a request was answered with.
SELECT fingerprint, status, headers, body FROM answered_request WHERE caller = :caller AND key = :key;

-- name: save_answer(caller, key, fingerprint, status, headers, body, answered_at)!
-- Remember what a request was answered with.
INSERT INTO answered_request (caller, key, fingerprint, status, headers, body, answered_at)
VALUES (:caller, :key, :fingerprint, :status, :headers, :body, :answered_at);

-- name: forget_answers(before)!
-- Forget answers that are no longer asked for.
DELETE FROM answered_request WHERE answered_at < :before::timestamptz;
