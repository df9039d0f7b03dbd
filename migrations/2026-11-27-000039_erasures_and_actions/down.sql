DROP TABLE begun_actions CASCADE;
REVOKE UPDATE (before, after) ON operator_actions FROM CURRENT_USER;
DROP TABLE erasures CASCADE;
ALTER TABLE customers DROP CONSTRAINT customers_erased_stay;
ALTER TABLE customers DROP COLUMN erased_at;
