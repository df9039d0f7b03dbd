DROP FUNCTION refund_job(uuid, bigint, text, text, text);
DROP FUNCTION post_entries(uuid[], entry_kind[], bigint[], text[], text[], boolean[], text);
DROP FUNCTION append_entry(wallets, entry_kind, bigint, uuid, text, text, text, boolean);
