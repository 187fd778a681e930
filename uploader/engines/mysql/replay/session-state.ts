/** How a session of the source was set when a statement ran: assignments of `SET`, by variable. */
export type Settings = Map<string, string>

/** The names of a server's collations, and of their character sets, by number. */
export type Collations = Map<number, { charset: string; collation: string }>

const flags: [bit: number, name: string, inverted: boolean][] = [
  [1 << 14, 'sql_auto_is_null', false],
  [1 << 26, 'foreign_key_checks', true],
  [1 << 27, 'unique_checks', true],
]
/** Bits that only MariaDB writes. */
const mariadbFlags: typeof flags = [
  [1 << 24, 'explicit_defaults_for_timestamp', false],
  [1 << 28, 'sql_if_exists', false],
  [1 << 30, 'system_versioning_insert_history', false],
]

/**
 * The status variables of a statement's event: each a number and a value whose length the number tells. What a server leaves out has its
 * default. What only says how the event came to be is passed over.
 * @returns undefined for a variable that is not known: nothing behind it can be read
 */
export function settingsOf(
  status: Buffer,
  { mariadb, supports, collations }: { mariadb: boolean; supports(variable: string): boolean; collations: Collations },
): { settings: Settings; microseconds: number } | undefined {
  const settings: Settings = new Map([
    ['auto_increment_increment', '1'],
    ['auto_increment_offset', '1'],
    ['lc_time_names', '0'],
  ])
  const set = (name: string, value: string | number | bigint) => {
    if (supports(name)) settings.set(name, String(value))
  }
  let microseconds = 0
  const collation = (number: number) => collations.get(number)?.collation ?? number
  for (let at = 0; at < status.length; ) {
    const code = status[at++]!
    switch (code) {
      case 0: {
        const value = status.readUInt32LE(at)
        for (const [bit, name, inverted] of mariadb ? [...flags, ...mariadbFlags] : flags)
          set(name, ((value & bit) !== 0) !== inverted ? 1 : 0)
        at += 4
        break
      }
      case 1:
        set('sql_mode', status.readBigUInt64LE(at))
        at += 8
        break
      case 2: // catalogue, with a 0 behind it
        at += status[at]! + 2
        break
      case 3:
        set('auto_increment_increment', status.readUInt16LE(at))
        set('auto_increment_offset', status.readUInt16LE(at + 2))
        at += 4
        break
      case 4:
        set('character_set_client', collations.get(status.readUInt16LE(at))?.charset ?? status.readUInt16LE(at))
        set('collation_connection', collation(status.readUInt16LE(at + 2)))
        set('collation_server', collation(status.readUInt16LE(at + 4)))
        at += 6
        break
      case 5:
        set('time_zone', `'${status.toString('latin1', at + 1, at + 1 + status[at]!)}'`)
        at += status[at]! + 1
        break
      case 6: // catalogue
        at += status[at]! + 1
        break
      case 7:
        set('lc_time_names', status.readUInt16LE(at))
        at += 2
        break
      case 8:
        set('collation_database', collation(status.readUInt16LE(at)))
        at += 2
        break
      case 9: // tables of a multi-table update
      case 14: // times of a commit
      case 15:
      case 17: // XID of a statement that is a transaction of its own
      case 129:
        at += 8
        break
      case 10: // length at the source of a source
        at += 4
        break
      case 11: // who ran it: user, host
        at += status[at]! + 1
        at += status[at]! + 1
        break
      case 12: {
        const count = status[at++]!
        if (count === manyDatabases) break
        for (let i = 0; i < count; i++) at = status.indexOf(0, at) + 1
        break
      }
      case 13:
      case 128:
        microseconds = status.readUIntLE(at, 3)
        at += 3
        break
      case 16:
        set('explicit_defaults_for_timestamp', status[at]!)
        at += 1
        break
      case 18:
        set('default_collation_for_utf8mb4', collation(status.readUInt16LE(at)))
        at += 2
        break
      case 19:
        set('sql_require_primary_key', status[at]!)
        at += 1
        break
      case 20:
        set('default_table_encryption', status[at]!)
        at += 1
        break
      case 130: // flags of an ALTER in two phases, and which one it belongs to
        at += (status.readUInt16LE(at) & 0x0c) !== 0 ? 10 : 2
        break
      case 131: {
        const pairs: string[] = []
        const count = status[at++]!
        for (let i = 0; i < count; i++, at += 4) {
          const pair = collations.get(status.readUInt16LE(at + 2))
          if (pair) pairs.push(`${pair.charset}=${pair.collation}`)
        }
        set('character_set_collations', `'${pairs.join(',')}'`)
        break
      }
      default:
        return undefined
    }
  }
  return { settings, microseconds }
}

/** Too many databases to be named. */
const manyDatabases = 254
