import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Config } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'

/** What the service has to be allowed, by its configuration. */
export interface Needs {
  /** Source and reason of each that has to run as root. */
  root: { source: string; why: string }[]
  /** Written to, and nobody else's. */
  directories: string[]
  /** Written to by others as well, who own them; they may not be there yet. */
  shared: string[]
  /** Read, and readable by nobody else. */
  secrets: string[]
  /** Other files that it reaches for. */
  reached: string[]
  /** Written to, and somebody else's. */
  others: string[]
  capabilities: string[]
  /** It needs the folder for temporary files that all others have. */
  sharesTemporary: boolean
}

/** The keys of engines for files (`SecretSource`), sockets, and directories that an application writes its backups into. */
const Reached = z.object({
  connection: z.object({ passwordFile: z.string().optional(), socketPath: z.string().optional() }).optional(),
  directory: z.string().optional(),
  door: z.object({ certificateFile: z.string(), keyFile: z.string() }).optional(),
})

/** @throws Failure where the settings of a source are not valid */
export async function needsOf(config: Config): Promise<Needs> {
  const needs: Needs = {
    root: [],
    directories: outermost([config.state.dir, config.staging.dir, config.log.dir]),
    shared: [],
    secrets: [],
    reached: [],
    others: [],
    capabilities: [],
    sharesTemporary: false,
  }
  for (const source of config.sources.values()) {
    const engine = await engineFor(source.engine)
    const why = engine.needsRoot?.(source.settings(engine.settings))
    if (why !== undefined) needs.root.push({ source: source.name, why })
    const more = await engine.serviceNeeds?.(source.settings(engine.settings))
    if (more) {
      needs.others.push(...more.writable)
      needs.capabilities = [...new Set([...needs.capabilities, ...more.capabilities])]
      needs.sharesTemporary ||= more.sharesTemporary
    }
    const { connection, directory, door } = source.settings(Reached)
    if (connection?.passwordFile !== undefined) needs.secrets.push(connection.passwordFile)
    if (connection?.socketPath !== undefined) needs.reached.push(connection.socketPath)
    if (directory !== undefined) needs.shared.push(directory)
    if (door) needs.secrets.push(door.keyFile)
    if (door) needs.reached.push(door.certificateFile)
  }
  return needs
}

/** The command that the service runs: this very program, with its configuration. */
export async function commandOf(own: readonly string[], config: string): Promise<string[]> {
  return [await realpath(own[0]!), ...own.slice(1), 'run', '--config', config]
}

/** Without what lies in another one of them. */
function outermost(directories: string[]): string[] {
  const inside = (path: string, other: string) => path !== other && path.startsWith(join(other, '/'))
  return [...new Set(directories)].filter(path => !directories.some(other => inside(path, other)))
}
