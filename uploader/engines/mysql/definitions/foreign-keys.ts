import type { Name } from '../sql/token-reader.ts'

export interface ForeignKey {
  /** Without a database where it is the child's own. */
  parent: Name
  /** On what of the parent's rows those of the child change, or go, too; no log says so. */
  cascades: ('DELETE' | 'UPDATE')[]
}

const line =
  /^ {2}CONSTRAINT `(?:[^`]|``)+` FOREIGN KEY \((?:`(?:[^`]|``)+`(?:, ?)?)+\) REFERENCES (?:`((?:[^`]|``)+)`\.)?`((?:[^`]|``)+)` \((?:`(?:[^`]|``)+`(?:, ?)?)+\)(.*)$/gm

/** @param createTable as SHOW CREATE TABLE writes it: one line for each constraint */
export function foreignKeysIn(createTable: string): ForeignKey[] {
  const name = (quoted: string) => quoted.replaceAll('``', '`')
  return [...createTable.matchAll(line)].map(([, database, table, actions]) => ({
    parent: { database: database === undefined ? null : name(database), name: name(table!) },
    cascades: (['DELETE', 'UPDATE'] as const).filter(change =>
      new RegExp(`\\bON ${change} (?:CASCADE|SET)\\b`).test(actions!),
    ),
  }))
}
