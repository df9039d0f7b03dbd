-- A key that may not do everything would do so from now on, and one that has expired would be valid again.
UPDATE api_keys
   SET revoked_at = now()
 WHERE revoked_at IS NULL AND (expires_at IS NOT NULL OR cardinality(scopes) < 3);
ALTER TABLE api_keys
  DROP COLUMN scopes CASCADE,
  DROP COLUMN expires_at CASCADE;
