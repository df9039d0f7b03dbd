DROP TABLE late_ids CASCADE;
ALTER TABLE jobs DROP COLUMN created_xid CASCADE;
DROP INDEX customers_by_email;
ALTER TYPE submitted_job
  DROP ATTRIBUTE price_currency,
  DROP ATTRIBUTE wallet_currency;
ALTER TABLE price_history DROP COLUMN currency;
ALTER TABLE job_types DROP COLUMN currency CASCADE;
