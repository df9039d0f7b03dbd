ALTER TABLE runners DROP COLUMN exits_when_drained;
ALTER TABLE runners DROP COLUMN draining_at;
