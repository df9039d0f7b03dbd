-- unlisted_types returns a set from here on, which the planner puts into the query that asks. A function that
-- returns something else must be dropped first. It is created again after this step.
DROP FUNCTION IF EXISTS unlisted_types(uuid[]);
