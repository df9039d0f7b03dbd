-- What operators did, by API: who, what, to what, from where. Only appended to, and kept for ever.
CREATE TABLE operator_actions (
  id            uuid PRIMARY KEY,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Null for the admin key, whose operator_name is 'admin'.
  operator_id   uuid REFERENCES operators,
  operator_name text NOT NULL CHECK (length(operator_name) BETWEEN 1 AND 200),
  -- The operationId of the route.
  action        text NOT NULL,
  target_type   text NOT NULL,
  target_id     text,
  -- Bounded, and without secrets or what customers submitted. Null where there is nothing to show.
  before        jsonb,
  after         jsonb,
  address       text NOT NULL,
  request_id    uuid NOT NULL
);

-- Serves what was done to one thing.
CREATE INDEX operator_actions_by_target ON operator_actions (target_id, id);
-- Serves what one operator did.
CREATE INDEX operator_actions_by_operator ON operator_actions (operator_name, id);

-- As with wallet_entries: a trigger stops those who may write, and this the others.
REVOKE UPDATE, DELETE, TRUNCATE ON operator_actions FROM PUBLIC, CURRENT_USER;
