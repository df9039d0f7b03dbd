DROP TABLE price_history CASCADE;
DROP TABLE customer_prices CASCADE;
