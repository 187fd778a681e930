import type { Name } from '../sql/token-reader.ts'

export interface ForeignKey {
  /** Without a database where it is the child's own. */
  parent: Name
  /** Rows of the child change, or go, with those of the parent; no log says so. */
  cascades: boolean
}

const line =
  /^ {2}CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY \((?:`(?:[^`]|``)+`(?:, ?)?)+\) REFERENCES (?:`((?:[^`]|``)+)`\.)?`((?:[^`]|``)+)` \((?:`(?:[^`]|``)+`(?:, ?)?)+\)(.*)$/gm

/** @param createTable as SHOW CREATE TABLE writes it: one line for each constraint */
export function foreignKeysIn(createTable: string): ForeignKey[] {
  const name = (quoted: string) => quoted.replaceAll('``', '`')
  return [...createTable.matchAll(line)].map(([, database, table, actions]) => ({
    parent: { database: database === undefined ? null : name(database), name: name(table!) },
    cascades: /\bON (?:DELETE|UPDATE) (?:CASCADE|SET)\b/.test(actions!),
  }))
}
