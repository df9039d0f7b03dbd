-- Their triggers are on tables that stay, and would look for those that go.
DROP FUNCTION IF EXISTS tell_low_balance() CASCADE;
DROP FUNCTION IF EXISTS tell_frozen_wallet() CASCADE;
DROP TABLE webhook_deliveries CASCADE;
DROP TABLE webhook_secrets CASCADE;
DROP TABLE webhook_endpoints CASCADE;
