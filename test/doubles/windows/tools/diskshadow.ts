import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseIn, roll, stamp, tick, truncate } from '../model/databases.ts'
import {
  changeWorld,
  killFileIn,
  localIn,
  note,
  readWorld,
  rootOf,
  type World,
  type WorldDatabase,
  type WorldVolume,
} from '../world.ts'

const exchangeWriter = '76fe1ac4-15f7-4bcd-987e-8e1acb462fb7'

class Refused extends Error {
  readonly result: string | undefined

  constructor(message: string, result?: string) {
    super(message)
    this.result = result
  }
}

/** What a script has done so far. Each state allows what Microsoft's documentation of diskshadow allows in it. */
interface State {
  persistent: boolean
  metadata: string | undefined
  begun: boolean
  added: { volume: WorldVolume; alias: string }[]
  created: boolean
  exposed: number
  ended: boolean
  aliases: Map<string, string>
  excludedWriters: Set<string>
  excludedComponents: string[]
  verified: string[]
  /** Included in this backup, when it was created. */
  included: string[]
}

const state: State = {
  persistent: false,
  metadata: undefined,
  begun: false,
  added: [],
  created: false,
  exposed: 0,
  ended: false,
  aliases: new Map(),
  excludedWriters: new Set(),
  excludedComponents: [],
  verified: [],
  included: [],
}

let logFile: string | undefined

function say(line: string): void {
  if (logFile) appendFileSync(logFile, `${line}\r\n`)
  process.stdout.write(`${line}\r\n`)
}

/** @returns the exit code */
export function diskshadow(argv: string[]): number {
  // The process that reads may be gone; Windows tells nobody.
  process.stdout.on('error', () => {})
  const script = argumentOf(argv, 's')
  logFile = argumentOf(argv, 'l')
  if (script === undefined) throw new Error('the stand-in takes scripts alone: /s FILE')
  const text = readFileSync(script)
  note({ tool: 'diskshadow', argv, cwd: process.cwd(), script: text.toString('latin1') })
  const { faults } = readWorld()
  let code = 0
  try {
    for (const line of linesOf(text)) {
      say(`-> ${line}`)
      const [, step] = /^(\w+)/.exec(line) ?? []
      kill(`before ${step}`)
      perform(line)
      kill(`after ${step}`)
      if (line === 'exit') break
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    code = 1
    say('')
    say(error.result === undefined ? error.message : 'The last operation failed.')
    if (error.result !== undefined) {
      say(`        - Returned HRESULT: ${error.result}`)
      say(`        - Error text: ${error.message}`)
    }
    note({ tool: 'diskshadow', argv, refused: error.message })
  }
  return faults.exitCode ?? code
}

/** FAILSAFE_TEST_KILL=`parent after create`, `self after create`, `both after create`: who dies when it has come so far. */
function kill(point: string): void {
  const [, who, where] = /^(parent|self|both) (.*)$/.exec(process.env.FAILSAFE_TEST_KILL ?? '') ?? []
  if (where !== point) return
  if (who !== 'self') process.kill(process.ppid, 'SIGKILL')
  if (who !== 'parent') process.kill(process.pid, 'SIGKILL')
}

function argumentOf(argv: string[], name: string): string | undefined {
  const at = argv.findIndex(arg => arg.toLowerCase() === `/${name}` || arg.toLowerCase() === `-${name}`)
  return at < 0 ? undefined : argv[at + 1]
}

function linesOf(text: Buffer): string[] {
  if (text[0] === 0xff || text[0] === 0xfe || text[0] === 0xef) throw new Refused('The script is not plain text')
  const lines = text.toString('latin1').split('\r\n')
  if (lines.some(line => line.includes('\n'))) throw new Refused('A line does not end with CR LF')
  return lines.map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'))
}

function perform(line: string): void {
  const words = line.match(/"[^"]*"|\S+/g) ?? []
  const { command: fault } = readWorld().faults
  if (fault && state.begun && line.toLowerCase().startsWith(fault.toLowerCase()))
    throw new Refused(`${line} failed`, '8004230F')
  const command = commands.find(({ name }) => name.split(' ').every((word, i) => words[i]?.toLowerCase() === word))
  if (!command) throw new Refused(`The command ${line} is not known`)
  command.run(words.slice(command.name.split(' ').length), line)
}

const commands: { name: string; run(words: string[], line: string): void }[] = [
  { name: 'set verbose', run: () => {} },
  { name: 'set context', run: setContext },
  { name: 'set metadata', run: setMetadata },
  { name: 'writer exclude', run: ([what], line) => exclude(need(what, line)) },
  { name: 'writer verify', run: ([what], line) => state.verified.push(need(what, line)) },
  { name: 'begin backup', run: beginBackup },
  { name: 'add volume', run: addVolume },
  { name: 'create', run: create },
  { name: 'expose', run: ([what, letter], line) => expose(need(what, line), need(letter, line)) },
  { name: 'exec', run: ([file], line) => exec(need(file, line)) },
  { name: 'end backup', run: endBackup },
  { name: 'delete shadows', run: deleteShadows },
  { name: 'exit', run: () => {} },
]

function need(word: string | undefined, line: string): string {
  if (word === undefined) throw new Refused(`An argument is missing: ${line}`)
  return word
}

function setContext(words: string[]): void {
  const context = words.join(' ').toLowerCase()
  if (context !== 'persistent' && context !== 'volatile')
    throw new Refused(`The context ${context} leaves all writers out`)
  state.persistent = context === 'persistent'
}

function setMetadata(words: string[]): void {
  if (words.length !== 1) throw new Refused('The path of the metadata has spaces, or is missing')
  state.metadata = words[0]
}

function exclude(what: string): void {
  if (state.created) throw new Refused('Writers are excluded before create')
  if (what.startsWith('"')) state.excludedComponents.push(what.slice(1, -1))
  else state.excludedWriters.add(what.replace(/[{}]/g, '').toLowerCase())
}

function beginBackup(): void {
  if (state.begun) throw new Refused('A backup was begun already')
  state.begun = true
}

function addVolume(words: string[], line: string): void {
  if (state.created) throw new Refused('Volumes are added before create')
  const spec = need(words[0], line)
  const volume = readWorld().volumes.find(
    ({ name, device }) => device === spec || name.toLowerCase() === `${spec.replace(/\\$/, '').toLowerCase()}\\`,
  )
  if (!volume) throw new Refused(`There is no volume ${spec}`, '80042308')
  if (state.added.some(other => other.volume.device === volume.device))
    throw new Refused(`${spec} was added already`, '8004230D')
  const alias = words[1]?.toLowerCase() === 'alias' ? need(words[2], line) : `VSS_SHADOW_${state.added.length + 1}`
  state.added.push({ volume, alias })
}

/** The one moment at which writers hold still. */
function create(): void {
  if (state.added.length === 0) throw new Refused('No volume was added')
  const fault = changeWorld(world => world.faults.create?.shift() ?? null)
  if (fault !== null) throw new Refused(`VSS_E_ ${fault}`, fault)
  changeWorld(world => {
    verify(world)
    const included = world.databases.filter(database => isIncluded(world, database)).map(({ name }) => name)
    state.included = included
    for (const name of included) if (!databaseIn(world, name).circular) roll(world, rootOf(), name)
    const set = `{${randomUUID()}}`
    for (const { volume, alias } of state.added) {
      const id = `{${randomUUID()}}`
      const folder = id.slice(1, -1)
      copyVolume(volume, world, join(rootOf(), 'shadows', folder))
      if (state.persistent) world.shadows.push({ id, set, device: volume.device, exposed: null, folder })
      state.aliases.set(alias.toLowerCase(), id)
      say(`Alias ${alias} for shadow ID ${id} set as environment variable.`)
    }
    say(`Alias VSS_SHADOW_SET for shadow set ID ${set} set as environment variable.`)
  })
  if (state.metadata) writeFileSync(localIn(rootOf(), state.metadata), `metadata of ${state.included.join(',')}`)
  state.created = true
}

/** A backup fails where a writer or a component that was to be verified would not take part. */
function verify(world: World): void {
  for (const what of state.verified) {
    const writer = what.replace(/[{}]/g, '').toLowerCase()
    const isThere = what.startsWith('"')
      ? world.databases.some(
          database =>
            isIncluded(world, database) &&
            componentOf(world, database).toLowerCase() === what.slice(1, -1).toLowerCase(),
        )
      : world.writers.some(({ id }) => id === writer) && !state.excludedWriters.has(writer)
    if (!isThere) throw new Refused(`${what} would not be in the backup`, '8004231B')
  }
}

/** A database takes part if all its volumes do, and nobody excluded it. */
function isIncluded(world: World, database: WorldDatabase): boolean {
  if (database.recovery || !database.mounted || state.excludedWriters.has(exchangeWriter)) return false
  if (!world.writers.some(({ id }) => id === exchangeWriter)) return false
  const component = componentOf(world, database).toLowerCase()
  if (state.excludedComponents.some(other => other.toLowerCase() === component)) return false
  return [database.edb, database.logFolder].every(path => {
    const volume = volumeOf(world, path)
    return state.added.some(added => added.volume.device === volume.device)
  })
}

function componentOf({ server }: World, database: WorldDatabase): string {
  const store = 'Microsoft Exchange Server\\Microsoft Information Store'
  return database.server.toLowerCase() === server.toLowerCase()
    ? `Microsoft Exchange Writer:\\${store}\\${server}\\${database.guid}`
    : `Microsoft Exchange Replica Writer:\\${store}\\Replica\\${server}\\${database.guid}`
}

function volumeOf({ volumes }: World, path: string): WorldVolume {
  const within = `${path}\\`.toLowerCase()
  return volumes
    .filter(({ name }) => within.startsWith(name.toLowerCase()))
    .sort((a, b) => b.name.length - a.name.length)[0]!
}

/** All that is on it, but not on the volumes that are mounted in it. */
function copyVolume(volume: WorldVolume, world: World, to: string): void {
  const from = localIn(rootOf(), volume.name)
  mkdirSync(to, { recursive: true })
  if (existsSync(from)) {
    if (process.platform === 'win32') cpSync(from, to, { recursive: true, preserveTimestamps: true })
    // It keeps the holes of a file.
    else spawnSync('cp', ['-a', `${from}/.`, to])
  }
  for (const other of world.volumes)
    if (other.device !== volume.device && other.name.toLowerCase().startsWith(volume.name.toLowerCase()))
      rmSync(join(to, ...other.name.slice(volume.name.length).split('\\').filter(Boolean)), {
        recursive: true,
        force: true,
      })
}

function expose(what: string, letter: string): void {
  if (!state.created) throw new Refused('Nothing was created yet')
  if (!state.persistent) throw new Refused('Only persistent shadow copies can be exposed')
  const id = what.startsWith('%') ? state.aliases.get(what.slice(1, -1).toLowerCase()) : what
  if (id === undefined) throw new Refused(`The alias ${what} is not known`)
  changeWorld(world => {
    if (lettersOf(world).includes(letter.toUpperCase())) throw new Refused(`${letter} is in use`, '80042320')
    const shadow = world.shadows.find(each => each.id === id)
    if (!shadow) throw new Refused(`There is no shadow copy ${id}`, '80042308')
    shadow.exposed = `${letter.toUpperCase()}\\`
    renameSync(join(rootOf(), 'shadows', shadow.folder), join(rootOf(), 'drives', letter[0]!.toUpperCase()))
  })
  state.exposed += 1
  say(`The shadow copy was successfully exposed as ${letter}\\.`)
}

export function lettersOf(world: World): string[] {
  return [
    ...world.volumes.flatMap(({ name }) => (name.length === 3 ? [name.slice(0, 2).toUpperCase()] : [])),
    ...world.otherLetters,
    ...world.shadows.flatMap(({ exposed }) => (exposed ? [exposed.slice(0, 2)] : [])),
  ]
}

/** Runs a program, and kills it when a file appears. */
const killedWhenTold =
  '"$@" & hook=$!; (until [ -e "$0" ]; do sleep 0.05; done; kill -9 $hook) & watch=$!; wait $hook; ended=$?; kill $watch; exit $ended'

/** Runs a `.cmd`. */
function exec(file: string): void {
  const [program, ...args] = commandOf(file)
  const { faults } = readWorld()
  const started = faults.hookKilled ? ['/bin/sh', '-c', killedWhenTold, killFileIn(rootOf()), program!] : [program!]
  const ended = spawnSync(started[0]!, [...started.slice(1), ...args], { stdio: 'ignore' })
  note({ tool: 'hook', argv: [program!, ...args], status: ended.status })
  if (faults.hookKilled) {
    say('The hook ended.')
    process.exit(0)
  }
  if (ended.status !== 0) throw new Refused(`The script ${file} failed`)
}

/** What `cmd.exe` would run of those that we write; where there is one, it runs them itself. */
function commandOf(file: string): string[] {
  const text = readFileSync(localIn(rootOf(), file), 'utf8')
  const [command] = text.split('\r\n').filter(line => line.startsWith('"'))
  if (!text.startsWith('@echo off\r\n') || command === undefined)
    throw new Refused(`${file} is no script that this stand-in reads`)
  if (process.platform === 'win32') return [process.env.ComSpec ?? 'cmd.exe', '/d', '/c', file]
  return [...command.matchAll(/"([^"]*)"/g)].map(([, part]) => part!.replaceAll('%%', '%'))
}

/** BackupComplete: the one place where logs are truncated. */
function endBackup(): void {
  if (!state.begun) throw new Refused('No backup was begun')
  if (!state.created) throw new Refused('Nothing was created yet')
  state.ended = true
  changeWorld(world => {
    for (const name of state.included) {
      const database = databaseIn(world, name)
      const at = tick(world)
      stamp(database, rootOf(), { at, low: 1, high: database.generation - 1 })
      if (!world.faults.noStamp) database.lastFull = at.toISOString()
      const passive = database.server.toLowerCase() !== world.server.toLowerCase()
      const count = database.circular || passive || world.faults.noStamp ? 0 : truncate(database, rootOf())
      note({ tool: 'ese', argv: [], truncated: name, count })
    }
  })
}

function deleteShadows(words: string[], line: string): void {
  const kind = need(words[0], line).toLowerCase()
  const which = need(words[1], line)
  if (kind !== 'exposed' && kind !== 'id') throw new Refused(`${line} would delete what others have made`)
  if (readWorld().faults.stuck) throw new Refused(`${line} failed`, '80042304')
  const wanted = which.replace(/\\$/, '').toUpperCase()
  changeWorld(world => {
    const shadow = world.shadows.find(({ id, exposed }) =>
      kind === 'id' ? id.toLowerCase() === which.toLowerCase() : exposed?.slice(0, 2) === wanted,
    )
    if (!shadow) throw new Refused(`No shadow copy is ${kind === 'id' ? which : `exposed as ${which}`}`, '80042308')
    world.shadows = world.shadows.filter(other => other !== shadow)
    if (shadow.exposed) rmSync(join(rootOf(), 'drives', shadow.exposed[0]!), { recursive: true, force: true })
    rmSync(join(rootOf(), 'shadows', shadow.folder), { recursive: true, force: true })
  })
  say('1 shadow copy was deleted.')
}
