/** `name=value` lines of notes.ini. Names are in lower case. */
export interface NotesIni {
  values: ReadonlyMap<string, string>
  /** Names that occur more than once; the first value counts. */
  twice: readonly string[]
}

/**
 * Split at the first `=`; names in any case; blanks around values stay, since they may belong to them. No escapes, no continuation, and a line without `=`,
 * such as the section's, says nothing. The bytes are taken as Latin-1, in which each is a character: nothing is lost, and `textOf` makes names of files of it.
 */
export function parseNotesIni(bytes: Buffer): NotesIni {
  const values = new Map<string, string>()
  const twice = new Set<string>()
  for (const line of bytes.toString('latin1').split('\n')) {
    const at = line.indexOf('=')
    if (at < 1) continue
    const name = line.slice(0, at).trim().toLowerCase()
    if (values.has(name)) twice.add(name)
    else values.set(name, line.slice(at + 1).replace(/\r$/, ''))
  }
  return { values, twice: [...twice] }
}

/** A value as a path or name: UTF-8 where it is that, else Latin-1. Undefined where it is missing or blank. */
export function textOf({ values }: NotesIni, name: string): string | undefined {
  const value = values.get(name.toLowerCase())?.trim()
  if (value === undefined || value === '') return undefined
  const bytes = Buffer.from(value, 'latin1')
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes) ? text : value
}
