import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildSync } from 'esbuild'
import * as databases from './model/databases.ts'
import {
  changeWorld,
  type JournalEntry,
  killFileIn,
  localIn,
  readWorld,
  type World,
  type WorldDatabase,
  writeWorld,
} from './world.ts'

const GiB = 1024 ** 3

/** Of this working tree. */
const cache = join(
  tmpdir(),
  `failsafe-windows-${createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 8)}`,
)

const source = resolve(import.meta.dirname, 'bin', 'run.ts')

let bundled: string | undefined

/** All stand-ins in one file, made once by each process: a run starts a dozen of them, and to load them from their sources takes as long as all that they do. */
function program(): string {
  if (bundled !== undefined) return bundled
  const made = join(cache, `${process.pid}.cjs`)
  buildSync({
    entryPoints: [source],
    outfile: made,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  })
  bundled = join(cache, 'run.cjs')
  renameSync(made, bundled)
  return bundled
}

/** Windows' own, of which there are many more. */
const writers = [
  { id: 'e8132975-6f93-4464-a53e-1050253ae220', name: 'System Writer', state: 1 },
  { id: 'afbab4a2-367d-4d15-a586-71dbb18f8485', name: 'Registry Writer', state: 1 },
  { id: 'a65faa63-5ea8-4ebc-9dbd-a0c4db26912a', name: 'SqlServerWriter', state: 1 },
  { id: '76fe1ac4-15f7-4bcd-987e-8e1acb462fb7', name: 'Microsoft Exchange Writer', state: 1 },
]

export function volume(name: string, n: number): World['volumes'][number] {
  const digits = String(n).repeat(8).slice(0, 8)
  return {
    name,
    device: `\\\\?\\Volume{${digits}-0000-0000-0000-000000000000}\\`,
    capacity: 1000 * GiB,
    free: 600 * GiB,
  }
}

/**
 * An Exchange server of the tests: a tree of files with the headers and checksums of ESE, and programs in the places of Windows' own that work on it
 * (docs/engines/exchange-edge-cases.md says what they refuse).
 */
export class WindowsServer implements Disposable {
  readonly root: string
  /** What a process has to find in its environment to take this for its Windows. */
  readonly env: Record<string, string>
  readonly #launcher: string | undefined

  /**
   * @param onWindows where letters lead to what lies below `drives`: its place, on `C:`, and the program that starts a stand-in (bin/launcher.c). The programs of
   *   that Windows are replaced: it is one for this alone
   * @param within where its tree is made otherwise
   */
  constructor(
    change: (world: World) => void = () => {},
    onWindows?: { root: string; launcher: string },
    within = tmpdir(),
  ) {
    this.root = onWindows?.root ?? mkdtempSync(join(within, 'failsafe-windows-'))
    this.#launcher = onWindows?.launcher
    const world: World = {
      server: 'EX01',
      domainRole: 3,
      elevated: true,
      process64: true,
      serverBackup: true,
      version: 'Version 15.2 (Build 1544.4)',
      culture: 'en',
      volumes: [volume('C:\\', 1), volume('E:\\', 2), volume('L:\\', 3), volume('S:\\', 4)],
      otherLetters: [],
      databases: [],
      writers,
      shadows: [],
      systemStates: [],
      systemStateAnywhere: false,
      clock: Date.UTC(2026, 10, 30, 2),
      faults: {},
    }
    change(world)
    for (const each of world.volumes) mkdirSync(localIn(this.root, each.name), { recursive: true })
    writeWorld(world, this.root)
    this.env = {
      SystemRoot: onWindows ? process.env.SystemRoot! : join(this.root, 'Windows'),
      SystemDrive: 'C:',
      ExchangeInstallPath: join(this.root, 'Exchange'),
      FAILSAFE_DRIVES: join(this.root, 'drives'),
      FAILSAFE_WORLD: this.root,
    }
    this.#install(join(this.env.SystemRoot!, 'System32'), ['diskshadow', 'vssadmin', 'wbadmin'])
    this.#install(join(this.env.SystemRoot!, 'System32', 'WindowsPowerShell', 'v1.0'), ['powershell'])
    this.#install(join(this.env.ExchangeInstallPath!, 'Bin'), ['eseutil'])
  }

  #install(directory: string, tools: string[]): void {
    mkdirSync(directory, { recursive: true })
    for (const tool of tools) {
      const path = join(directory, `${tool}.exe`)
      if (this.#launcher !== undefined) {
        copyFileSync(this.#launcher, path)
        writeFileSync(`${path}.command`, `"${process.execPath}" "${source}" ${tool}`)
        continue
      }
      const run = program()
      writeFileSync(path, `#!/bin/sh\nNODE_COMPILE_CACHE='${cache}' exec '${process.execPath}' '${run}' ${tool} "$@"\n`)
      chmodSync(path, 0o755)
    }
  }

  /** For code that runs in this process. */
  enter(): void {
    Object.assign(process.env, this.env)
  }

  get world(): World {
    return readWorld(this.root)
  }

  change<T>(change: (world: World) => T): T {
    return changeWorld(change, this.root)
  }

  addDatabase(name: string, more: Partial<WorldDatabase> = {}): void {
    const n = this.world.databases.length + 1
    const guid = `${String(n).repeat(8).slice(0, 8)}-aaaa-bbbb-cccc-dddddddddddd`
    this.change(world =>
      databases.addDatabase(world, this.root, {
        name,
        guid,
        edb: `E:\\${name}\\${name}.edb`,
        logFolder: `L:\\${name}`,
        ...more,
      }),
    )
  }

  database(name: string): WorldDatabase {
    return databases.databaseIn(this.world, name)
  }

  /** Some mail, and the logs that it fills. */
  write(name: string, entries: databases.Content, { logs = 1 } = {}): void {
    this.change(world => {
      databases.write(world, this.root, name, entries)
      for (let n = 0; n < logs; n++) databases.roll(world, this.root, name)
    })
  }

  newStream(name: string, options: { samesignature?: boolean } = {}): void {
    this.change(world => databases.newStream(world, this.root, name, options))
  }

  /** Generations of the closed logs that are on the disk. */
  closed(name: string): number[] {
    return databases.closedLogs(this.database(name), this.root).map(({ generation }) => generation)
  }

  /** A path of the server on this machine. */
  local(path: string): string {
    return localIn(this.root, path)
  }

  removeFile(path: string): void {
    rmSync(this.local(path))
  }

  /** A shadow copy that somebody else has made and shows. */
  addForeignShadow(letter: string): void {
    this.change(world => {
      const folder = 'foreign'
      mkdirSync(join(this.root, 'shadows', folder), { recursive: true })
      mkdirSync(join(this.root, 'drives', letter[0]!), { recursive: true })
      world.shadows.push({
        id: '{ffffffff-0000-0000-0000-000000000001}',
        set: '{f}',
        device: world.volumes[1]!.device,
        exposed: `${letter}\\`,
        folder,
      })
    })
  }

  /** For a hook that is to be killed (`faults.hookKilled`), or that looks for this file itself. */
  killHook(): void {
    writeFileSync(killFileIn(this.root), '')
  }

  get journal(): JournalEntry[] {
    const path = join(this.root, 'journal.jsonl')
    if (!existsSync(path)) return []
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line))
  }

  /** The scripts of backups that diskshadow was given. */
  get scripts(): string[] {
    return this.journal.flatMap(({ tool, script }) =>
      tool === 'diskshadow' && typeof script === 'string' && script.includes('create') ? [script] : [],
    )
  }

  /** Logs that were removed at the ends of backups, by database. */
  get truncated(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const { tool, truncated, count } of this.journal)
      if (tool === 'ese') sums[String(truncated)] = (sums[String(truncated)] ?? 0) + Number(count)
    return sums
  }

  filesOn(path: string): string[] {
    return readdirSync(this.local(path), { recursive: true }).map(String)
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** The content of a recovered database file. */
export { contentOf } from './ese/write.ts'
