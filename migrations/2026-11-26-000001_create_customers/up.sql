CREATE TABLE customers (
  id         uuid PRIMARY KEY,
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  email      text NOT NULL CHECK (length(email) BETWEEN 3 AND 320),
  -- The hash of the newest key that is not revoked. The check proves that no key stands here in clear.
  api_key    text UNIQUE CHECK (api_key ~ '^sha256:[0-9a-f]{64}$'),
  active     boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_keys (
  id           uuid PRIMARY KEY,
  customer_id  uuid NOT NULL REFERENCES customers,
  name         text CHECK (length(name) BETWEEN 1 AND 200),
  prefix       text NOT NULL,
  -- Serves the look-up of every request. Keys are 256 random bits, so one round of SHA-256 is enough.
  key_hash     text NOT NULL UNIQUE CHECK (key_hash ~ '^sha256:[0-9a-f]{64}$'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- Serves the list of a customer's keys.
CREATE INDEX api_keys_by_customer ON api_keys (customer_id, id);
