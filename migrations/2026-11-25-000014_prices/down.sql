DROP TRIGGER job_types_price_changed ON job_types;
DROP TRIGGER job_types_price_made ON job_types;
DROP TABLE customer_prices;
DROP FUNCTION note_customer_price();
DROP FUNCTION note_standard_cost();
DROP TABLE price_history;
