import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import type { EngineKind } from '../../shared/snapshot.ts'
import type { NetworkSettings } from '../network/network.ts'
import { describeIssues } from './lines.ts'
import { defaultPlaces } from './places.ts'
import { requirePrivate } from './private.ts'
import { ConfigSchema, type Schedule } from './schema.ts'

const fourHours = 4 * 3600

/** The configuration with every default filled in. */
export interface Config {
  path: string
  /** As it was read, for a run that shall go by the same even if the file changes meanwhile. */
  text: string
  /** Overrides the address this host enrolled at (a receiver that moved); the receiver's id stays. */
  receiver: string | undefined
  state: { dir: string }
  staging: { dir: string; maxBytes: number }
  upload: { concurrency: number; maxBytesPerSecond: number | undefined }
  network: NetworkSettings
  /** How politely backups use the processor; undefined leaves it as it was begun. */
  nice: number | undefined
  /** Of `failsafe run`: `keep` files of `maxBytes` each. */
  log: { dir: string; maxBytes: number; keep: number }
  /** What `failsafe run` starts after a run: programs with their arguments. */
  hooks: { success?: string[] | undefined; failure?: string[] | undefined }
  sources: Map<string, SourceConfig>
}

export interface SourceConfig {
  name: string
  engine: EngineKind
  schedule: Schedule | undefined
  /** Seconds that a backup may hold the source, and in which it waits for a network that is away. */
  maxHold: number
  /** Reads the engine's own part of the entry. @throws Failure `config-invalid` with lines */
  settings<T>(schema: z.ZodType<T>): T
}

/**
 * Reads `--config`, else FAILSAFE_CONFIG, else the default place. Only the default file may be absent: everything then has its
 * default and there are no sources.
 * @throws Failure `config-missing`, `config-unreadable`, `file-not-private` or `config-invalid`
 */
export async function loadConfig(
  named: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): Promise<Config> {
  const places = defaultPlaces(platform, env)
  const explicit = named ?? env.FAILSAFE_CONFIG
  const path = explicit ?? places.config
  const text = await readConfigText(path, platform)
  if (text === undefined && explicit !== undefined)
    throw new Failure('config-missing', `There is no configuration file ${path}`, {
      fix: 'Create it, or correct --config or FAILSAFE_CONFIG',
    })
  return parseConfig(text ?? '', path, places.state)
}

/** Undefined where there is no such file. @throws Failure `config-unreadable` or `file-not-private` */
export async function readConfigText(path: string, platform: NodeJS.Platform): Promise<string | undefined> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    await requirePrivate(path, await file.stat(), 'The configuration file', platform)
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Failure('config-unreadable', `The configuration file ${path} cannot be read`, {
      why: code,
      fix: 'Run failsafe as the account that owns it (usually root)',
      cause,
    })
  } finally {
    await file?.close()
  }
}

export function parseConfig(text: string, path: string, stateDirectory: string): Config {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true })
  if (document.errors.length > 0)
    throw invalid(
      path,
      document.errors.map(({ pos, message }) => `line ${counter.linePos(pos[0]).line}: ${message}`),
    )
  const value: unknown = document.toJS() ?? {}
  const parsed = ConfigSchema.safeParse(value)
  if (!parsed.success) throw invalid(path, describeIssues(parsed.error.issues, document, counter))
  const { receiver, state, staging, upload, network = {}, nice, log, hooks = {}, sources = {} } = parsed.data
  const dir = state?.dir ?? stateDirectory
  return {
    path,
    text,
    receiver,
    state: { dir },
    staging: { dir: staging?.dir ?? join(dir, 'staging'), maxBytes: staging?.maxBytes ?? 20 * 2 ** 30 },
    upload: { concurrency: upload?.concurrency ?? 4, maxBytesPerSecond: upload?.maxBytesPerSecond ?? undefined },
    network,
    nice,
    log: { dir: log?.dir ?? join(dir, 'log'), maxBytes: log?.maxBytes ?? 10 * 2 ** 20, keep: log?.keep ?? 5 },
    hooks,
    sources: new Map(
      Object.entries(sources).map(([name, { engine, schedule, maxHold = fourHours, ...rest }]) => {
        const own = <T>(schema: z.ZodType<T>) => settings(schema, rest, name, { path, document, counter })
        return [name, { name, engine, schedule, maxHold, settings: own }]
      }),
    ),
  }
}

function settings<T>(
  schema: z.ZodType<T>,
  entry: unknown,
  name: string,
  file: { path: string; document: Document; counter: LineCounter },
): T {
  const parsed = schema.safeParse(entry)
  if (parsed.success) return parsed.data
  throw invalid(file.path, describeIssues(parsed.error.issues, file.document, file.counter, ['sources', name]))
}

function invalid(path: string, findings: string[]): Failure {
  return new Failure('config-invalid', `The configuration file ${path} is not valid`, {
    why: findings.join('; '),
    fix: findings.length === 1 ? 'Correct that line' : 'Correct these lines',
  })
}

/** @throws Failure `source-unknown` naming those that are there */
export function sourceNamed(config: Config, name: string): SourceConfig {
  const source = config.sources.get(name)
  if (source) return source
  const known = [...config.sources.keys()]
  throw new Failure('source-unknown', `There is no source ${JSON.stringify(name)} in ${config.path}`, {
    why: known.length === 0 ? 'no sources are configured' : `the sources are ${known.join(', ')}`,
    fix: known.length === 0 ? 'Add it under sources:' : 'Name one of these, or add it under sources:',
  })
}
