DROP FUNCTION IF EXISTS unlisted_types(uuid[]);
