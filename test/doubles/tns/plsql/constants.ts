import type { Scope } from '../sql/scope.ts'
import type { Value } from '../value.ts'

/** As an amount: all that there is. */
export const lobMaxSize = 18_446_744_073_709_551_615n

/** What stands around every block. @see PL/SQL Packages and Types Reference, "DBMS_LOB", Constants */
export const constants: Scope = {
  relations: [
    relation('', { TRUE: 1n, FALSE: 0n }),
    relation('DBMS_LOB', { LOBMAXSIZE: lobMaxSize, FILE_READONLY: 0n, SESSION: 10n, CALL: 12n }),
  ],
  group: null,
  rownum: 0n,
  parent: null,
}

function relation(alias: string, values: Record<string, Value>) {
  const columns = Object.keys(values).map(name => ({ name, type: 'NUMBER' as const }))
  return { alias, columns, row: Object.values(values) }
}
