ALTER TYPE claimed_job DROP ATTRIBUTE lost_runners;
