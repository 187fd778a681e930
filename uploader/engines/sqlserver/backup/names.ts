import type { SnapshotKind } from '../../../../shared/snapshot.ts'

/** Characters of a database's name that stand in a file's. */
const longest = 60

const letters: Record<SnapshotKind, string> = { full: 'F', differential: 'D', log: 'L' }

/**
 * `Sales_1f0c2a9b_20261122T101500Z_F.bak`: safe on every system, and told apart by the database's own identity where only the case of a name differs, or where
 * it is cut.
 */
export function fileNameOf(database: { name: string; guid: string | null }, kind: SnapshotKind, at: Date): string {
  const identity = (database.guid ?? '').replaceAll('-', '').slice(0, 8)
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${safe(database.name)}_${identity}_${time}_${letters[kind]}.${kind === 'log' ? 'trn' : 'bak'}`
}

/** No name twice, also where upper and lower case are the same: `a.bak`, then `a-2.bak`. */
export class UnusedNames {
  readonly #used = new Set<string>()

  next(wanted: string): string {
    let name = wanted
    for (let n = 2; this.#used.has(name.toLowerCase()); n++) name = wanted.replace(/(\.\w+)$/, `-${n}$1`)
    this.#used.add(name.toLowerCase())
    return name
  }
}

/** Everything but letters, digits, `.`, `_` and `-` as `%` and its bytes; no escape is cut in two. */
function safe(name: string): string {
  let text = ''
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte)
    const piece = /[A-Za-z0-9._-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    if (text.length + piece.length > longest) break
    text += piece
  }
  return text
}
