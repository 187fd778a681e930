import { textsOf } from './check-settings.ts'
import type { LaidOut } from './files.ts'

/** Databases, and what shares the names of one: tables, views and sequences. */
export async function namesIn(files: LaidOut[]): Promise<{ name: string; ofDatabase?: string }[]> {
  const names: { name: string; ofDatabase?: string }[] = []
  for (const file of files) {
    const { stage, database = '', table = '' } = file
    if (stage === 'databases') names.push({ name: database })
    if (stage === 'tables') names.push({ name: table, ofDatabase: database })
    if (stage === 'stand-ins' || stage === 'sequences')
      for (const [, quoted] of (await textsOf([file], stage)).matchAll(/^CREATE (?:VIEW|SEQUENCE) `((?:[^`]|``)*)`/gm))
        names.push({ name: quoted!.replaceAll('``', '`'), ofDatabase: database })
  }
  return names
}
