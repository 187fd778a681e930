import { createHash } from 'node:crypto'

/** Bytes. Two of these and a suffix are a file name, which no system wants longer than 255. */
const longest = 100
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)$/i

/** Percent-encodes what is not a letter, digit, `_` or `-`, so that the name is a file's on every system and can be read back. */
function encode(name: string, encodeAlso = /$^/): string {
  const encoded = [...name].map(character => {
    if (/[\p{L}\p{N}_-]/u.test(character) && !encodeAlso.test(character)) return character
    return [...Buffer.from(character)].map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  })
  if (reserved.test(name)) encoded[0] = `%${name.charCodeAt(0).toString(16).toUpperCase()}`
  return encoded.join('')
}

/** Too long for a file's name with its suffixes: its beginning and a hash stand for it. */
function shorten(encoded: string): string {
  if (Buffer.byteLength(encoded) <= longest) return encoded
  const hash = createHash('sha256').update(encoded).digest('hex').slice(0, 16)
  const beginning = Buffer.from(encoded)
    .subarray(0, longest - 20)
    .toString()
    .replace(/(�|%|%.)$/u, '')
  return `${beginning}~${hash}`
}

/**
 * Parts of file names for names that must not be confused, distinct even where upper and lower case are the same (Windows): names that differ
 * in case only get their capitals encoded.
 */
export function fileNames(names: readonly string[]): Map<string, string> {
  const fold = (name: string) => name.normalize('NFC').toLowerCase()
  const counts = new Map<string, number>()
  for (const name of names) counts.set(fold(name), (counts.get(fold(name)) ?? 0) + 1)
  return new Map(
    names.map(name => [name, shorten(encode(name, counts.get(fold(name))! > 1 ? /\p{Lu}|[^\p{ASCII}]/u : undefined))]),
  )
}
