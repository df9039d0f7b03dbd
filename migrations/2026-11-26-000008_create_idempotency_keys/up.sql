-- What a client's Idempotency-Key stands for. Written in the transaction of the effect, so a request that
-- created nothing leaves no row.
CREATE TABLE idempotency_keys (
  -- Digest of the caller and the key.
  id           uuid PRIMARY KEY,
  -- Digest of the method, the path and the canonical body: another request under the same key is refused.
  request_hash uuid NOT NULL,
  -- What was created: one id, or for a batch of jobs one for each, null where that one was refused.
  subjects     uuid[] NOT NULL DEFAULT '{}',
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- Serves expiry. Rows stand on disk in the order in which they came, so this costs an insert next to nothing.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys
  USING brin (created_at) WITH (pages_per_range = 16, autosummarize = on);
