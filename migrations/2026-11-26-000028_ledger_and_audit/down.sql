DROP INDEX wallet_entries_by_reference;
DROP INDEX wallet_entries_by_time;
DROP TABLE last_audit CASCADE;
