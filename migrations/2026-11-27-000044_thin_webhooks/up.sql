-- How much an endpoint is told: thin is no more than what happened to which thing, and where that is read.
ALTER TABLE webhook_endpoints
  ADD COLUMN payload text NOT NULL DEFAULT 'full' CHECK (payload IN ('full', 'thin'));
