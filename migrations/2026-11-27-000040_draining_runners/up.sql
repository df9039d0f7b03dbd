-- Since when an operator wants this runner to take no more jobs. It learns of it with its next heartbeat.
ALTER TABLE runners ADD COLUMN draining_at timestamptz;
-- Whether it ends when it runs nothing any more.
ALTER TABLE runners ADD COLUMN exits_when_drained boolean NOT NULL DEFAULT false;
