DROP TABLE outbox;
DROP VIEW journal;
DROP TABLE wallet_entries;
DROP TYPE entry_kind;
DROP TABLE wallets;
