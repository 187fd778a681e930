import { textsOf } from './check-settings.ts'
import type { LaidOut } from './files.ts'

/** Databases, and what shares the names of one: tables, views and sequences. */
export async function namesIn(files: LaidOut[]): Promise<{ name: string; ofDatabase?: string }[]> {
  const names: { name: string; ofDatabase?: string }[] = []
  for (const file of files) {
    const { stage, database = '', table = '' } = file
    if (stage === 'databases') {
      names.push({ name: database })
      for (const [, name] of (await textsOf([file], stage)).matchAll(/^CREATE SEQUENCE `((?:[^`]|``)*)`/gm))
        names.push({ name: unquoted(name!), ofDatabase: database })
    }
    if (stage === 'tables' || stage === 'views') names.push({ name: table, ofDatabase: database })
    // The others of a group of views.
    if (stage === 'views')
      for (const [, of, name] of (await textsOf([file], stage)).matchAll(
        /^CREATE VIEW `((?:[^`]|``)*)`\.`((?:[^`]|``)*)`/gm,
      ))
        names.push({ name: unquoted(name!), ofDatabase: unquoted(of!) })
  }
  return names
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`')
}
