DROP TABLE webhook_deliveries CASCADE;
DROP TABLE webhook_secrets CASCADE;
DROP TABLE webhook_endpoints CASCADE;
