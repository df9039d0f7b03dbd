DROP TABLE api_keys;
DROP TABLE customers;
DROP FUNCTION forbid_change();
