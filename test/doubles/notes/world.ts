import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { type Built, buildNotes, type Variant } from './build.ts'
import { imageHash, writeDatabase } from './database.ts'

const execute = promisify(execFile)

export type Style = 'archive' | 'circular' | 'linear' | 'off'

export interface WorldOptions {
  style?: Style
  /** Bytes of an extent. */
  extentSize?: number
  variant?: Variant
  /** Compiled elsewhere: there is no compiler on Windows. */
  built?: Built
  /** Handles of eight bytes instead of four. */
  wide?: boolean
  /** Further lines of notes.ini. */
  ini?: string[]
  daos?: boolean
  /** It belongs to nobody, whom the helper runs as where tests are root. */
  ofNobody?: boolean
}

const nobody = { uid: 65_534, gid: 65_534 }

/** A partition of Domino: its directories, and the state that the stand-in's library keeps in files beside them. */
export class NotesWorld implements AsyncDisposable {
  readonly root: string
  readonly #writer: string
  readonly #owner: typeof nobody | undefined

  private constructor(root: string, writer: string, owner: typeof nobody | undefined) {
    this.root = root
    this.#writer = writer
    this.#owner = owner
  }

  static async make(options: WorldOptions = {}): Promise<NotesWorld> {
    const {
      style = 'archive',
      extentSize = 16 * 1024,
      variant = 'whole',
      wide = false,
      ini = [],
      daos = false,
      ofNobody = false,
    } = options
    const built = options.built ?? (await buildNotes(variant))
    const root = await mkdtemp(join(tmpdir(), 'failsafe-domino-'))
    const world = new NotesWorld(root, built.writer, ofNobody ? nobody : undefined)
    const folders = [
      'data/mail',
      'program',
      'copies',
      'txn',
      'meta',
      'backups',
      'faults',
      'offline',
      'inuse',
      'log/waiting',
      'log/spare',
    ]
    await Promise.all(folders.map(folder => mkdir(join(root, folder), { recursive: true })))
    await copyFile(built.library, join(world.program, basename(built.library)))
    await writeFile(join(world.program, 'world'), `${root}\n`)
    if (wide) await writeFile(join(root, 'wide'), '')
    await world.set('log/style', style)
    await world.set('log/id', randomBytes(16).toString('hex'))
    await world.set('log/size', String(extentSize))
    await world.set('log/directory', join(root, 'txn'))
    if (daos) await mkdir(join(root, 'data/DAOS/0001'), { recursive: true })
    const lines = [
      '[Notes]',
      `Directory=${world.data}`,
      `NotesProgram=${world.program}`,
      'ServerName=CN=mail01/O=Acme',
      'FaultRecovery_Build=Release 12.0.2',
      ...(style === 'off' ? [] : ['TRANSLOG_Status=1', `TRANSLOG_Path=${join(root, 'txn')}`]),
      ...(daos ? ['DAOSEnable=1'] : []),
      ...ini,
    ]
    await writeFile(world.ini, `${lines.join('\n')}\n`)
    await world.giveAway()
    return world
  }

  get data(): string {
    return join(this.root, 'data')
  }
  get program(): string {
    return join(this.root, 'program')
  }
  get ini(): string {
    return join(this.data, 'notes.ini')
  }
  /** Where copies of databases may lie. */
  get copies(): string {
    return join(this.root, 'copies')
  }
  get store(): string {
    return join(this.data, 'DAOS')
  }

  /** What tests have made belongs to whom the world belongs to. */
  async giveAway(): Promise<void> {
    if (this.#owner) await execute('chown', ['-R', `${this.#owner.uid}:${this.#owner.gid}`, this.root])
  }

  /** One of the files that the library keeps its state in. */
  set(name: string, text: string): Promise<void> {
    return writeFile(join(this.root, name), `${text}\n`)
  }
  async get(name: string): Promise<string> {
    return (await readFile(join(this.root, name), 'utf8').catch(() => '')).trimEnd()
  }

  path(name: string): string {
    return isAbsolute(name) ? name : join(this.data, name)
  }

  async addDatabase(
    name: string,
    { size = 64 * 1024, ...more }: { size?: number; sparse?: boolean; replicaId?: number } = {},
  ): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true })
    await writeDatabase(this.path(name), { size, ...more })
    await this.giveAway()
  }

  async addFile(name: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.path(name)), { recursive: true })
    await writeFile(this.path(name), content)
    await this.giveAway()
  }

  /** What the library says of a database, instead of what it makes up. */
  describe(name: string, { logged, dbiid, firstExtent }: { logged: boolean; dbiid: string; firstExtent: number }) {
    return this.set(`meta/${keyOf(this.path(name))}`, `${Number(logged)} ${dbiid} ${firstExtent}`)
  }

  /** The next `times` calls of a function, of those whose subject holds a text, end with a status (hex), or with `hang`, `crash` or `print`. */
  fault(call: string, what: string, { times = 1, subject = '' } = {}): Promise<void> {
    return this.set(`faults/${call}`, `${what} ${times} ${subject}`)
  }

  async journal(): Promise<string[]> {
    return lines(await this.get('journal')).map(line => line.replace(/^\d+ /, ''))
  }

  /** What was done against the rules. */
  async violations(): Promise<string[]> {
    return lines(await this.get('violations'))
  }

  /** Hash and size of the image of the last backup of a database. */
  async image(name: string): Promise<{ hash: string; size: number } | undefined> {
    const found = (await this.journal()).findLast(
      line => line.startsWith('image ') && line.endsWith(` ${this.path(name)}`),
    )
    const [, hash, size] = found?.split(' ') ?? []
    return hash === undefined ? undefined : { hash, size: Number(size) }
  }

  exists(name: string): Promise<boolean> {
    return access(this.path(name)).then(
      () => true,
      () => false,
    )
  }

  hashOf(name: string): Promise<string> {
    return imageHash(this.path(name))
  }

  /** Numbers of the closed extents that nobody is done with. */
  async waiting(): Promise<number[]> {
    return (await readdir(join(this.root, 'log/waiting'))).map(Number).sort((a, b) => a - b)
  }
  async active(): Promise<number> {
    return Number((await this.get('log/active')).split(' ')[0])
  }

  /** Backups that the library keeps before-images for. */
  backups(): Promise<string[]> {
    return readdir(join(this.root, 'backups'))
  }

  /** Changes pages of these databases, in the log too. */
  async write(count: number, ...names: string[]): Promise<void> {
    const seed = String(randomSeed++)
    await execute(this.#writer, [this.root, String(count), seed, '0', ...names.map(name => this.path(name))], {
      ...this.#owner,
    })
  }

  /** The same for as long as it is held. @param pause microseconds between two changes */
  startWriter(pause: number, ...names: string[]): AsyncDisposable {
    const parameters = [this.root, '0', String(randomSeed++), String(pause), ...names.map(name => this.path(name))]
    const child = spawn(this.#writer, parameters, { stdio: 'inherit', ...this.#owner })
    const over = new Promise<void>(resolve => child.once('close', () => resolve()))
    return {
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM')
        await over
      },
    }
  }

  /** Writes until so many extents were closed. */
  async closeExtents(count: number, name: string): Promise<void> {
    const goal = Math.max(1, await this.active()) + count
    // Fewer than the smallest extent holds.
    while ((await this.active()) < goal) await this.write(8, name)
  }

  /** The same server on another machine: programs and directories, but none of its data. */
  async rebuilt(options: WorldOptions = {}): Promise<NotesWorld> {
    const other = await NotesWorld.make({ ...options, ini: ['TRANSLOG_Recreate_Logctrl=1'] })
    await other.set('log/recreate', '1')
    return other
  }

  copyTo(directory: string): Promise<void> {
    return cp(this.data, directory, { recursive: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }
}

let randomSeed = 1

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

/** As `keyOf` in c/database.c makes it. */
export function keyOf(path: string): string {
  let hash = 2166136261
  for (const byte of Buffer.from(path)) hash = Math.imul(hash ^ byte, 16777619) >>> 0
  return `${path.slice(0, 200).replaceAll(/[/\\:]/g, '%')}-${hash.toString(16).padStart(8, '0')}`
}
