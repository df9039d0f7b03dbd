DROP FUNCTION balance_before(uuid, timestamptz);
DROP FUNCTION last_entry_before(uuid, timestamptz);
