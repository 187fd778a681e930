import type { Nasty } from './nasty.ts'

/** Tables whose form is what dump programs get wrong. Runs in `shop`. */
export async function makeTables({ all, numbers }: Nasty): Promise<void> {
  await all(
    `CREATE TABLE \`generated\` (a INT, v INT AS (a * 2) VIRTUAL, s INT AS (a + 1) STORED, hidden INT DEFAULT 5 INVISIBLE, t TEXT DEFAULT ('x'), CONSTRAINT positive CHECK (a > 0), KEY (s))`,
    'INSERT INTO `generated` (a, hidden) VALUES (1, 9), (2, DEFAULT)',
    'CREATE TABLE only_generated (v INT AS (1) VIRTUAL)',
    'INSERT INTO only_generated VALUES (), ()',
    'CREATE TABLE empty_one (id INT PRIMARY KEY, t TEXT)',
    'CREATE TABLE no_key (a INT, b VARCHAR(20))',
    "INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
    'CREATE TABLE myisam_one (id INT PRIMARY KEY, t TEXT) ENGINE=MyISAM',
    "INSERT INTO myisam_one VALUES (1, 'a')",
    `CREATE TABLE parted (id INT, k INT, PRIMARY KEY (id, k)) PARTITION BY RANGE (k) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION p0 VALUES LESS THAN (10), PARTITION \`p "1\` VALUES LESS THAN MAXVALUE)`,
    `INSERT INTO parted SELECT seq, seq FROM ${numbers(1, 30)}`,
  )
  // A circle of foreign keys, and one to itself.
  await all(
    'CREATE TABLE chicken (id INT PRIMARY KEY, egg INT, mother INT REFERENCES chicken (id))',
    'CREATE TABLE egg (id INT PRIMARY KEY, chicken INT, FOREIGN KEY (chicken) REFERENCES chicken (id))',
    'ALTER TABLE chicken ADD FOREIGN KEY (egg) REFERENCES egg (id) ON DELETE SET NULL',
    'INSERT INTO chicken VALUES (1, NULL, NULL), (2, NULL, 1)',
    'INSERT INTO egg VALUES (1, 2), (2, 1)',
    'UPDATE chicken SET egg = id',
  )
}
