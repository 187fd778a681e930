import { readdir, readlink, realpath, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Detected, Detector } from '../../detector.ts'
import { readInstance } from '../place/instance.ts'
import { parseNotesIni, textOf } from '../place/notes-ini.ts'
import { Settings } from '../settings.ts'
import { loginOf } from './login.ts'

/** Where a server is that was installed as its vendor suggests. */
const usual =
  process.platform === 'win32'
    ? ['HCL\\Domino', 'IBM\\Domino', 'Lotus\\Domino'].flatMap(path => [
        join('C:\\', path, 'notes.ini'),
        join('C:\\Program Files', path, 'notes.ini'),
      ])
    : ['/local/notesdata/notes.ini', '/notesdata/notes.ini', '/var/lib/notesdata/notes.ini']

/** Domino servers of this machine: those that run, and those at the usual places. */
export const dominoDetector: Detector = {
  engine: 'domino',
  what: 'Domino server',

  async detect() {
    const found = new Map<string, Detected>()
    for (const ini of [...(await running()), ...usual]) {
      const real = await realpath(ini).catch(() => undefined)
      if (real === undefined || found.has(real)) continue
      const detected = await describe(real).catch(() => undefined)
      if (detected) found.set(real, detected)
    }
    return [...found.values()]
  },

  detectAt: async address => (/notes\.ini$/i.test(address) ? describe(address) : undefined),

  async isConfigured(detected, settings) {
    const parsed = Settings.safeParse(settings)
    if (!parsed.success) return false // the doctor says what is wrong with it
    const [own, configured] = await Promise.all(
      [String(detected.settings?.ini), parsed.data.ini].map(path => realpath(path).catch(() => path)),
    )
    return own === configured
  },
}

/** The server's program runs in its data directory, where its notes.ini is. There is no /proc but on Linux. */
async function running(): Promise<string[]> {
  const ids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  const found: string[] = []
  for (const id of ids) {
    // A process may end while we look, and those of others do not show everything.
    const program = await readlink(`/proc/${id}/exe`).catch(() => '')
    if (basename(program) !== 'server' || !/(domino|notes)/i.test(program)) continue
    const data = await readlink(`/proc/${id}/cwd`).catch(() => undefined)
    if (data !== undefined) found.push(join(data, 'notes.ini'))
  }
  return found
}

async function describe(ini: string): Promise<Detected | undefined> {
  const instance = await readInstance({ ini })
  if (instance.name === undefined) return undefined
  const owner = await ownerOf(instance.data)
  const directory =
    process.platform === 'win32'
      ? join(process.env.ProgramData ?? 'C:\\ProgramData', 'FailSafe', 'domino')
      : '/var/lib/failsafe-domino'
  const ours = process.platform === 'win32' || owner === userInfo().username
  const values = parseNotesIni(instance.bytes)
  return {
    engine: 'domino',
    what: `Domino ${commonName(instance.name)} in ${dirname(ini)}`,
    name: commonName(instance.name)
      .toLowerCase()
      .replaceAll(/[^\w.-]+/g, '-'),
    connection: {},
    settings: { ini, ...(ours || owner === undefined ? {} : { user: owner }), directory },
    withoutAccount: {
      logs: textOf(values, 'TRANSLOG_Status') === '1' && textOf(values, 'TRANSLOG_Style') === '1',
      statements:
        process.platform === 'win32'
          ? [`mkdir "${directory}"`]
          : [`install -d -m 0700${owner === undefined ? '' : ` -o ${owner}`} ${directory}`],
    },
  }
}

async function ownerOf(path: string): Promise<string | undefined> {
  const { uid } = await stat(path)
  return process.platform === 'win32' ? undefined : loginOf(uid)
}

/** `CN=mail01/O=Acme`, and `mail01/Acme` as well. */
function commonName(name: string): string {
  return name.replace(/^CN=/i, '').split('/')[0]!
}
