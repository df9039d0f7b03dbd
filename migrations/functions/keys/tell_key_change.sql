-- Does: tells all processes that a customer or one of its keys has changed, or an operator, or that a session
--   has ended, so that they forget what they cached. They hear it when the change commits.
-- Locks, in order: nothing; a transaction that tells takes the lock of NOTIFY when it commits.
-- Returns: trigger
-- Raises: nothing.
-- Called by: the triggers below.
--
-- Not told: the use of a key or a session (last_used_at), and a new one, which nobody can have cached.

CREATE OR REPLACE FUNCTION tell_key_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
  IF TG_TABLE_NAME = 'api_keys' THEN
    PERFORM pg_notify('iep_keys', OLD.customer_id::text);
  ELSE
    PERFORM pg_notify('iep_keys', OLD.id::text);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER customers_told
  AFTER UPDATE ON customers
  FOR EACH ROW WHEN (
    (OLD.name, OLD.email, OLD.active, OLD.updated_at)
    IS DISTINCT FROM (NEW.name, NEW.email, NEW.active, NEW.updated_at))
  EXECUTE FUNCTION tell_key_change();

CREATE OR REPLACE TRIGGER api_keys_told
  AFTER UPDATE ON api_keys
  FOR EACH ROW WHEN (
    (OLD.customer_id, OLD.key_hash, OLD.scopes, OLD.expires_at, OLD.revoked_at)
    IS DISTINCT FROM (NEW.customer_id, NEW.key_hash, NEW.scopes, NEW.expires_at, NEW.revoked_at))
  EXECUTE FUNCTION tell_key_change();

CREATE OR REPLACE TRIGGER api_keys_deletion_told
  AFTER DELETE ON api_keys
  FOR EACH ROW EXECUTE FUNCTION tell_key_change();

CREATE OR REPLACE TRIGGER operators_told
  AFTER UPDATE ON operators
  FOR EACH ROW WHEN (
    (OLD.name, OLD.role, OLD.active, OLD.key_hash, OLD.revoked_at)
    IS DISTINCT FROM (NEW.name, NEW.role, NEW.active, NEW.key_hash, NEW.revoked_at))
  EXECUTE FUNCTION tell_key_change();

CREATE OR REPLACE TRIGGER operators_deletion_told
  AFTER DELETE ON operators
  FOR EACH ROW EXECUTE FUNCTION tell_key_change();

CREATE OR REPLACE TRIGGER sessions_end_told
  AFTER DELETE ON sessions
  FOR EACH ROW EXECUTE FUNCTION tell_key_change();
