-- How many runners were lost while they ran this job. Such a job runs in a process of its own.
ALTER TYPE claimed_job ADD ATTRIBUTE lost_runners smallint;
