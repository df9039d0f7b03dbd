-- Who operates the platform with a key of their own. ADMIN_API_KEY is no row: it stands in the environment.
CREATE TABLE operators (
  id           uuid PRIMARY KEY,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  role         text NOT NULL CHECK (role IN ('viewer', 'operator', 'finance', 'admin')),
  active       boolean NOT NULL DEFAULT true,
  prefix       text NOT NULL,
  -- Serves the look-up of a key.
  key_hash     text NOT NULL UNIQUE CHECK (key_hash ~ '^sha256:[0-9a-f]{64}$'),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);

-- Serves uniqueness: entries and actions name operators, so two of them never have one name at a time.
CREATE UNIQUE INDEX operators_name ON operators (lower(name)) WHERE revoked_at IS NULL;

-- Browsers that are signed in, by the key that they signed in with.
CREATE TABLE sessions (
  id           uuid PRIMARY KEY,
  -- Serves the look-up of a cookie.
  token_hash   text NOT NULL UNIQUE CHECK (token_hash ~ '^sha256:[0-9a-f]{64}$'),
  api_key_id   uuid REFERENCES api_keys ON DELETE CASCADE,
  operator_id  uuid REFERENCES operators ON DELETE CASCADE,
  -- For the admin key, which no table has: an HMAC of the session's token under that key. Another admin key
  -- ends the session, and without the token nobody can try keys on it.
  admin_proof  text CHECK (admin_proof ~ '^sha256:[0-9a-f]{64}$'),
  -- Whose session it is: the id of the key or of the operator, or the nil UUID for the admin key.
  key_id       uuid NOT NULL GENERATED ALWAYS AS
    (coalesce(api_key_id, operator_id, '00000000-0000-0000-0000-000000000000')) STORED,
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  CONSTRAINT sessions_have_one_owner CHECK (num_nonnulls(api_key_id, operator_id, admin_proof) = 1)
);

-- Serves the sessions of one key, newest first: there is an end to their number.
CREATE INDEX sessions_by_key ON sessions (key_id, id);
-- Serves expiry.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
