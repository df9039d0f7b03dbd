-- What a job type costs one customer instead of its standard cost. submit_jobs looks here first.
CREATE TABLE customer_prices (
  customer_id uuid NOT NULL REFERENCES customers,
  job_type_id uuid NOT NULL REFERENCES job_types,
  cost_cents  bigint NOT NULL CHECK (cost_cents BETWEEN 0 AND 1000000000000),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  -- Serves every submission: the own prices of a batch's customers.
  PRIMARY KEY (customer_id, job_type_id)
);

-- Every price that ever held, and since when. Written by the triggers below: no price changes without it, whoever writes.
CREATE TABLE price_history (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_type_id uuid NOT NULL,
  customer_id uuid,             -- null: the standard cost
  cost_cents  bigint,           -- null: from here on the customer pays the standard cost again
  valid_from  timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Serves the history of a job type, newest first.
CREATE INDEX price_history_by_type ON price_history (job_type_id, id);
CREATE TRIGGER price_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON price_history FOR EACH STATEMENT EXECUTE FUNCTION forbid_change();

CREATE FUNCTION note_standard_cost() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO price_history (job_type_id, cost_cents) VALUES (NEW.id, NEW.standard_cost_cents);
  RETURN NULL;
END $$;
CREATE TRIGGER job_types_price_made AFTER INSERT ON job_types FOR EACH ROW EXECUTE FUNCTION note_standard_cost();
CREATE TRIGGER job_types_price_changed AFTER UPDATE ON job_types FOR EACH ROW
  WHEN (OLD.standard_cost_cents <> NEW.standard_cost_cents) EXECUTE FUNCTION note_standard_cost();
INSERT INTO price_history (job_type_id, cost_cents) SELECT id, standard_cost_cents FROM job_types;

CREATE FUNCTION note_customer_price() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO price_history (job_type_id, customer_id) VALUES (OLD.job_type_id, OLD.customer_id);
  ELSE
    INSERT INTO price_history (job_type_id, customer_id, cost_cents) VALUES (NEW.job_type_id, NEW.customer_id, NEW.cost_cents);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER customer_prices_made AFTER INSERT OR DELETE ON customer_prices FOR EACH ROW EXECUTE FUNCTION note_customer_price();
CREATE TRIGGER customer_prices_changed AFTER UPDATE ON customer_prices FOR EACH ROW
  WHEN (OLD.cost_cents <> NEW.cost_cents) EXECUTE FUNCTION note_customer_price();
