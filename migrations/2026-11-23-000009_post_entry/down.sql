DROP FUNCTION post_entry(uuid, entry_kind, bigint, text, text);
