CREATE TABLE job_types (
  id                  uuid PRIMARY KEY,
  name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  processing_logic_id text NOT NULL CHECK (length(processing_logic_id) BETWEEN 1 AND 100),
  standard_cost_cents bigint NOT NULL CHECK (standard_cost_cents >= 0),
  enabled             boolean NOT NULL DEFAULT true,
  max_attempts        smallint NOT NULL DEFAULT 3 CHECK (max_attempts BETWEEN 1 AND 100),
  timeout_seconds     integer NOT NULL DEFAULT 300 CHECK (timeout_seconds BETWEEN 1 AND 86400),
  input_schema        jsonb,
  paused_at           timestamptz,  -- set: its jobs wait without being claimed
  created_at          timestamptz NOT NULL DEFAULT now(),
  updated_at          timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT job_types_name_taken UNIQUE (name)
);

-- Serves every claim: the paused types, usually none.
CREATE INDEX job_types_paused ON job_types (id) WHERE paused_at IS NOT NULL;
