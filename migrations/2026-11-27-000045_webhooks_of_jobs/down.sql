ALTER TABLE webhook_deliveries DROP COLUMN url;
DROP TABLE job_webhook_secrets CASCADE;
DROP TABLE job_webhooks CASCADE;
-- What waits for them goes where it would have been sent.
DELETE FROM webhook_endpoints WHERE kind = 'one_off';
DROP INDEX webhook_endpoints_one_off;
ALTER TABLE webhook_endpoints
  DROP CONSTRAINT webhook_endpoints_events_check,
  DROP COLUMN used_at,
  DROP COLUMN kind;
ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_events_check CHECK (events <> '{}');
