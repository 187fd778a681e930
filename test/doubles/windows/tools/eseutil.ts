import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDatabaseHeader } from '../../../../uploader/engines/exchange/ese/database-header.ts'
import { type LogHeader, parseLogHeader } from '../../../../uploader/engines/exchange/ese/log-header.ts'
import { generationOf } from '../../../../uploader/engines/exchange/ese/log-name.ts'
import { contentOf, databaseFile } from '../ese/write.ts'
import { played } from '../model/databases.ts'
import { changeWorld, localIn, note, rootOf } from '../world.ts'

/** What Jet ends with. On Linux an exit code has 8 bits, so the journal has the whole number, and an environment variable of the test asks for it on a pipe. */
class Jet extends Error {
  readonly code: number

  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

export function eseutil(argv: string[]): number {
  const out = (line: string) => process.stdout.write(`${line}\r\n`)
  let code = 0
  try {
    const fault = changeWorld(({ faults }) => faults.eseutil?.shift())
    if (fault) throw new Jet(fault, 'as the test wants')
    const [mode, subject] = argv
    if (mode === '/mh') dumpHeader(subject!, out)
    else if (mode === '/r') recover(subject!, argv.slice(2), out)
    else throw new Error(`the stand-in does not know ${argv.join(' ')}`)
    out('Operation completed successfully in 0.1 seconds.')
  } catch (error) {
    if (!(error instanceof Jet)) throw error
    code = error.code
    out(`Operation terminated with error ${code} (JET_err, ${error.message}) after 0.1 seconds.`)
  }
  note({ tool: 'eseutil', argv, code })
  return code
}

function dumpHeader(path: string, out: (line: string) => void): void {
  const { header } = parseDatabaseHeader(readFileSync(localIn(rootOf(), path)), path)
  const { min, max } = header.required
  out(`            State: ${header.state}`)
  out(`     Log Required: ${min}-${max} (0x${min.toString(16)}-0x${max.toString(16)})`)
}

interface Found {
  path: string
  header: LogHeader
}

/** Plays logs into the databases of a folder: an unbroken stream that covers what they require, up to the current log, or with /a to the last one there is. */
function recover(base: string, options: string[], out: (line: string) => void): void {
  const option = (letter: string) => options.find(each => each.startsWith(`/${letter}`) && each.length > 2)?.slice(2)
  const [logs, databases] = ['l', 'd'].map(letter => localIn(rootOf(), option(letter)!))
  const all = options.includes('/a')
  const edb = readdirSync(databases!).find(name => name.toLowerCase().endsWith('.edb'))!
  const path = join(databases!, edb)
  const file = readFileSync(path)
  const { header } = parseDatabaseHeader(file, path)
  if (header.state === 'Clean Shutdown') return
  const closed = closedIn(logs!, base)
  const current = join(logs!, `${base}.log`)
  const found = existsSync(current)
    ? [...closed, { path: current, header: parseLogHeader(readFileSync(current), current) }]
    : closed
  for (const [i, log] of found.entries()) {
    if (log.header.signLog !== header.signLog) throw new Jet(-530, 'bad signature for a log file')
    const before = found[i - 1]?.header
    if (before && log.header.generation !== before.generation + 1) throw new Jet(-509, 'a previous log is missing')
    if (before && log.header.previousCreated !== before.created) throw new Jet(-515, 'invalid log sequence')
  }
  for (let generation = header.required.min; generation <= header.required.max; generation++)
    if (!found.some(log => log.header.generation === generation)) throw new Jet(-543, 'required log files are missing')
  if (!existsSync(current) && !all) throw new Jet(-528, 'the current log file is missing')
  const before: Record<string, string> = JSON.parse(contentOf(file) || '{}')
  const content = Object.assign(before, ...found.map(log => played(readFileSync(log.path))))
  const clean = {
    ...header,
    state: 'Clean Shutdown' as const,
    required: { min: 0, max: 0 },
    lastFull: undefined,
    consistent: 0,
  }
  writeFileSync(`${path}.new`, databaseFile(clean, JSON.stringify(content)))
  renameSync(`${path}.new`, path)
  out(`Restore status: ${found.length} logs`)
}

function closedIn(folder: string, base: string): Found[] {
  return readdirSync(folder)
    .flatMap(name => {
      const generation = generationOf(name, base)
      if (generation === undefined) return []
      const path = join(folder, name)
      const header = parseLogHeader(readFileSync(path), path)
      if (header.generation !== generation) throw new Jet(-513, 'the name of a log does not fit its generation')
      return [{ path, header }]
    })
    .sort((a, b) => a.header.generation - b.header.generation)
}
