DROP TABLE operator_actions CASCADE;
