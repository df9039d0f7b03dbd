-- What a key may do, and until when. A key of before may do everything, for ever.
--
-- Processes of the release before know neither: they let a key of this release do everything until they are
-- gone.
ALTER TABLE api_keys
  ADD COLUMN scopes text[] NOT NULL DEFAULT '{jobs:write,jobs:read,wallet:read}'
    CHECK (scopes <@ '{jobs:write,jobs:read,wallet:read}' AND cardinality(scopes) > 0),
  -- From this moment on it is refused. Null: never.
  ADD COLUMN expires_at timestamptz;
