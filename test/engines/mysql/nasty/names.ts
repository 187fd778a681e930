import { type Nasty, quote } from './nasty.ts'

export const oddDatabases = ['we`ird;\ndb', 'Ünï/cödé.1', 'nul']

/** Names of databases, tables, columns, views and triggers that are no words. */
export async function makeNames({ run, all }: Nasty): Promise<void> {
  const odd = [
    'a`b',
    "it's",
    'dou"ble',
    'sp ace',
    'dot.ted',
    'sl/ash',
    'back\\slash',
    'per%cent',
    'new;\nline',
    'ünïcödé 表',
    'CON',
    'Case',
    'case',
    '-- x',
    'x'.repeat(64),
    '!'.repeat(40),
  ]
  for (const database of oddDatabases) {
    await all(`CREATE DATABASE ${quote(database)} CHARACTER SET latin1`, `USE ${quote(database)}`)
    for (const table of odd) {
      await run(
        `CREATE TABLE ${quote(table)} (${quote('id;\n`x')} INT PRIMARY KEY, ${quote(table)} VARCHAR(50) COMMENT 'it''s;\n')`,
      )
      await run(`INSERT INTO ${quote(table)} VALUES (1, ?), (2, NULL)`, [table.slice(0, 40)])
    }
    await run(`CREATE VIEW ${quote('v`iew')} AS SELECT * FROM ${quote("it's")}`)
    await run(`CREATE TRIGGER ${quote('tr;\n`x')} BEFORE INSERT ON ${quote('a`b')} FOR EACH ROW SET @x = 1`)
  }
}
