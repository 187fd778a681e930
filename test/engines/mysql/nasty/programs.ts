import type { Nasty } from './nasty.ts'

/** Routines, views, triggers and events. Runs in `shop`. */
export async function makePrograms({ run, all }: Nasty): Promise<void> {
  // Routines used by views, views on views, an invalid one; triggers in an order that is not their names'.
  await all(
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
    `CREATE FUNCTION "full name"(a VARCHAR(50), b VARCHAR(50)) RETURNS VARCHAR(110) DETERMINISTIC COMMENT 'it''s; a\n"comment"'\nBEGIN\n  -- a; comment\n  RETURN a || ' ' || b;\nEND`,
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "CREATE PROCEDURE fill(IN n INT, OUT m INT) MODIFIES SQL DATA SQL SECURITY INVOKER\nBEGIN\n  DECLARE i INT DEFAULT 0;\n  loop1: WHILE i < n DO\n    INSERT INTO no_key VALUES (i, 'ü;\n');\n    SET i = i + 1;\n  END WHILE;\n  SET m = i;;;\nEND".replace(
      '= i;;;',
      '= i;',
    ),
    "CREATE VIEW z_base AS SELECT id, `full name`(COALESCE(u, ''), 'x') AS `the;\n``name``` FROM texts WHERE id < 0",
    'CREATE ALGORITHM=MERGE VIEW a_top AS SELECT * FROM z_base WHERE id > -10 WITH CASCADED CHECK OPTION',
    'CREATE DEFINER=`gone`@`nowhere` SQL SECURITY INVOKER VIEW m_counts AS SELECT COUNT(*) n FROM a_top',
    'CREATE DEFINER=`gone`@`nowhere` PROCEDURE orphan() SELECT 1',
    'CREATE USER leaver@localhost',
    'CREATE DEFINER=leaver@localhost FUNCTION of_leaver() RETURNS INT DETERMINISTIC RETURN 1',
    'GRANT EXECUTE ON shop.* TO leaver@localhost',
    'CREATE VIEW unusable_one AS SELECT of_leaver() AS x',
    'DROP USER leaver@localhost',
    'CREATE TABLE soon_gone (x INT)',
    'CREATE VIEW invalid_one AS SELECT x FROM soon_gone',
    'DROP TABLE soon_gone',
    'CREATE TABLE audited (id INT PRIMARY KEY, x INT)',
    'CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(50))',
    'CREATE TRIGGER zzz BEFORE INSERT ON audited FOR EACH ROW SET NEW.x = NEW.x + 1',
    'CREATE TRIGGER aaa BEFORE INSERT ON audited FOR EACH ROW FOLLOWS zzz SET NEW.x = NEW.x * 2',
    'CREATE TRIGGER mmm BEFORE INSERT ON audited FOR EACH ROW PRECEDES zzz BEGIN\n  SET NEW.x = NEW.x - 1;\nEND',
    "CREATE TRIGGER logs AFTER INSERT ON audited FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('insert; ', NEW.id))",
    'INSERT INTO audited VALUES (1, 10)',
    "CREATE TRIGGER quotes BEFORE INSERT ON empty_one FOR EACH ROW BEGIN\n  -- don't; do\n  /* it's \"so\"; */ # and 'more;  \n  SET @a = 'x\\\\'';y', @b = \"q;'\", @`c;d` = 1; SET @e = '\\\\';\nEND",
    'SET NAMES latin1',
    "CREATE VIEW latin_view AS SELECT 'ä' AS `ü`",
    "CREATE FUNCTION latin_function() RETURNS VARCHAR(10) CHARSET latin1 DETERMINISTIC RETURN 'ä'",
  )
  await run(
    Buffer.from("CREATE TRIGGER latin BEFORE UPDATE ON audited FOR EACH ROW SET @x = '\xe4'", 'latin1')
      .toString('latin1')
      .replace('\xe4', 'ä'),
  )
  await all(
    'SET NAMES utf8mb4',
    "SET time_zone = 'SYSTEM'",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'ON COMPLETION NOT PRESERVE' DO BEGIN DELETE FROM audit; DELETE FROM no_key; END",
    "SET time_zone = '+05:30', sql_mode = 'ANSI_QUOTES'",
    `CREATE EVENT "off one" ON SCHEDULE AT '2035-01-01 03:00:00' DISABLE DO DELETE FROM "audit"`,
    "SET time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    'ALTER DATABASE shop COLLATE utf8mb4_general_ci', // routines above remember another collation
  )
}
