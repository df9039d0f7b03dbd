DROP TABLE processor_schemas CASCADE;
