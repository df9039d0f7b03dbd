-- Does: creates a bulk action, once under a key. Returns the id that is stored: another id than p_id means
--   that the action was created before. Null: p_running_max actions of this owner run already.
-- Locks, in order: the key, then (not for a preview) an advisory lock of the owner, held until the commit.
-- Returns: uuid?
-- Raises: idempotency_key_reused (unique_violation): the key stands for another request.
-- Called by: src/postgres/repositories/bulk-actions.ts.
--
-- The lock orders requests of one owner: each counts what the one before it started.
--
-- p_created_at: the moment up to which jobs are reached, which is that of p_expected.

CREATE OR REPLACE FUNCTION create_bulk_action(
  p_id          uuid,
  p_action      text,
  p_owner       uuid,
  p_filter      jsonb,
  p_preview     boolean,
  p_expected    jsonb,
  p_created_at  timestamptz,
  p_running_max int,
  p_key         uuid,
  p_hash        uuid
)
RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
  v_made uuid[] := CASE WHEN p_key IS NOT NULL THEN take_idempotency_key(p_key, p_hash) END;
BEGIN
  IF v_made[1] IS NOT NULL THEN
    RETURN v_made[1];
  END IF;
  IF NOT p_preview THEN
    PERFORM pg_advisory_xact_lock(hashtext('create_bulk_action'), coalesce(uuid_hash(p_owner), 0));
  END IF;
  IF NOT p_preview AND p_running_max <= (
    SELECT count(*)
      FROM bulk_actions b
     WHERE b.status = 'running' AND b.owner_id IS NOT DISTINCT FROM p_owner
  ) THEN
    DELETE FROM idempotency_keys i WHERE i.id = p_key;
    RETURN NULL;
  END IF;
  INSERT INTO bulk_actions (id, action, owner_id, filter, status, expected, created_at, ended_at)
  VALUES (
    p_id,
    p_action,
    p_owner,
    p_filter,
    CASE WHEN p_preview THEN 'preview' ELSE 'running' END,
    p_expected,
    p_created_at,
    CASE WHEN p_preview THEN now() END
  );
  UPDATE idempotency_keys i SET subjects = ARRAY[p_id] WHERE i.id = p_key;
  RETURN p_id;
END $$;
