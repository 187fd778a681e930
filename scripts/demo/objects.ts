/** Everything that is not a row: a backup that forgets one of these restores an application that does not work. */
export const objects = [
  `CREATE VIEW shop.turnover AS SELECT c.city, DATE(o.placed) AS day, SUM(o.total) AS total FROM shop.orders o JOIN shop.customers c ON c.id = o.customer GROUP BY 1, 2`,
  'CREATE VIEW shop.best_city AS SELECT city FROM shop.turnover GROUP BY city ORDER BY SUM(total) DESC LIMIT 1',
  `CREATE TRIGGER shop.order_remark BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.remark = TRIM(NEW.remark)`,
  `CREATE TRIGGER shop.credit_floor BEFORE UPDATE ON shop.customers FOR EACH ROW
   BEGIN IF NEW.credit < -1000 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no more credit; "sorry"'; END IF; END`,
  `CREATE PROCEDURE shop.close_day(IN day DATE, OUT orders INT)
   BEGIN SELECT COUNT(*) INTO orders FROM shop.orders WHERE DATE(placed) = day; END`,
  'CREATE FUNCTION plant.celsius(fahrenheit DOUBLE) RETURNS DOUBLE DETERMINISTIC RETURN (fahrenheit - 32) / 1.8',
  `CREATE EVENT plant.forget ON SCHEDULE EVERY 1 WEEK STARTS '2021-02-03 04:05:06' DISABLE COMMENT 'keeps ten years' DO DELETE FROM plant.readings WHERE at < NOW() - INTERVAL 10 YEAR`,
  'CREATE SEQUENCE shop.invoice_number START WITH 1000 INCREMENT BY 3',
  `CREATE USER 'clerk'@'localhost' IDENTIFIED BY 'correct horse'`,
  `CREATE USER 'report''er'@'10.%' IDENTIFIED BY 'battery staple' WITH MAX_USER_CONNECTIONS 3`,
  'CREATE ROLE bookkeeping',
  'GRANT SELECT, INSERT, UPDATE ON shop.* TO bookkeeping',
  `GRANT bookkeeping TO 'clerk'@'localhost'`,
  `GRANT SELECT (id, name) ON shop.customers TO 'report''er'@'10.%'`,
  `GRANT EXECUTE ON PROCEDURE shop.close_day TO 'report''er'@'10.%'`,
]
