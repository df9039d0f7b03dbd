-- What the processors take, as the runner that started last registered it. It holds for job types that have
-- no input_schema of their own.
CREATE TABLE processor_schemas (
  processing_logic_id text PRIMARY KEY,
  -- A JSON Schema; null when the processor does not say what it takes.
  input_schema        jsonb,
  registered_at       timestamptz NOT NULL DEFAULT now()
);
