-- What a job type costs one customer instead of its standard cost. submit_jobs looks here first.
CREATE TABLE customer_prices (
  customer_id uuid NOT NULL REFERENCES customers,
  job_type_id uuid NOT NULL REFERENCES job_types,
  cost_cents  bigint NOT NULL CHECK (cost_cents BETWEEN 0 AND 1000000000000),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  -- Serves every submission: the own prices of a batch's customers.
  PRIMARY KEY (customer_id, job_type_id)
);

-- Every price that ever held, and since when. Triggers write it, so no price changes without it, whoever
-- writes.
CREATE TABLE price_history (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_type_id uuid NOT NULL,
  customer_id uuid,    -- null: the standard cost
  cost_cents  bigint,  -- null: from then on the customer pays the standard cost again
  valid_from  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Serves the history of a job type, newest first.
CREATE INDEX price_history_by_type ON price_history (job_type_id, id);
