DROP TABLE wallet_entries;
DROP TYPE entry_kind;
DROP TABLE wallets;
