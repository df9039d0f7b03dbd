DROP VIEW audit;
