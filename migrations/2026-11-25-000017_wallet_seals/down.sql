DROP VIEW broken_seals;
DROP FUNCTION seal_wallets(int, int, uuid);
DROP FUNCTION hash_entries(uuid, bigint, bigint, bytea);
DROP TABLE wallet_seals;
