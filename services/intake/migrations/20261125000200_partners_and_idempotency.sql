-- migrate:up
ALTER TABLE partner ADD COLUMN municipalities text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN partner.municipalities IS 'For whose needs it may act; none is none';

CREATE TABLE answered_request (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    headers text NOT NULL,
    body bytea NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
COMMENT ON TABLE answered_request IS
    'The answer of each HTTP request with an Idempotency-Key, stored with the change itself: sent again, it gets the same answer and does nothing twice';
COMMENT ON COLUMN answered_request.caller IS 'the partner, or empty for everybody who has not said who he is';
COMMENT ON COLUMN answered_request.fingerprint IS 'SHA-256 of the request: the same key for another request is an error';
CREATE INDEX answered_request_old ON answered_request (answered_at);

-- migrate:down
DROP TABLE answered_request;
ALTER TABLE partner DROP COLUMN municipalities;
