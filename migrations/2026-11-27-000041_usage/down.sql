DROP TABLE customer_counts CASCADE;
