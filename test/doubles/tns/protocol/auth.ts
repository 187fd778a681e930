import type { Reader } from './reader.ts'
import type { Release } from './release.ts'
import { Writer } from './writer.ts'

/** Bits of the mode of a login that ask for an administrative privilege. */
const privileges = { SYSDBA: 0x20, SYSOPER: 0x40, SYSBACKUP: 0x0100_0000 } as const
export type Privilege = keyof typeof privileges

export interface AuthRequest {
  user: string
  privilege: Privilege | null
  values: Map<string, string>
}

/** Both messages of a login: the name, and keys with values [reference 4.2, functions 118 and 115]. */
export function readAuth(reader: Reader): AuthRequest {
  const named = reader.u8() === 1
  reader.count()
  const mode = reader.count()
  reader.u8()
  const pairs = reader.count()
  reader.take(2)
  const user = named ? reader.text() : ''
  const values = new Map<string, string>()
  for (let pair = 0; pair < pairs; pair++) {
    reader.count()
    const key = reader.text()
    const value = reader.count() > 0 ? reader.text() : ''
    reader.count()
    values.set(key, value)
  }
  const privilege = (Object.keys(privileges) as Privilege[]).find(name => mode & privileges[name]) ?? null
  return { user, privilege, values }
}

/** Keys and values as the answer to a login. */
export function authAnswer(pairs: [key: string, value: string, flag?: number][]): Writer {
  const writer = new Writer().u8(8).integer(pairs.length)
  for (const [key, value, flag] of pairs)
    writer
      .measured(key)
      .measured(value)
      .integer(flag ?? 0)
  return writer
}

/** The version as one number: from 18 on its parts have other widths. */
export function versionNumber({ version }: Release): number {
  const [major, release, update, port, portUpdate] = version.split('.').map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  if (major >= 18) return major * 2 ** 24 + (release << 16) + (update << 12) + (port << 4) + portUpdate
  return major * 2 ** 24 + (release << 20) + (update << 12) + (port << 8) + portUpdate
}
