import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/load.ts'
import { engineFor } from '../engines/registry.ts'

/** What the service has to be allowed, by its configuration. */
export interface Needs {
  /** Source and reason of each that has to run as root. */
  root: { source: string; why: string }[]
  /** Its own: written to, and nobody else's. */
  directories: string[]
  /** Of all sources: as `ServiceNeeds` has them. */
  writable: string[]
  secrets: string[]
  reached: string[]
  capabilities: string[]
  sharesTemporary: boolean
  startsSetuid: boolean
}

/** @throws Failure where the settings of a source are not valid, or a file that they name cannot be read */
export async function needsOf(config: Config): Promise<Needs> {
  const needs = await Promise.all(
    [...config.sources.values()].map(async ({ name, engine: kind, settings }) => {
      const engine = await engineFor(kind)
      return { source: name, ...(await engine.serviceNeeds?.(settings(engine.settings))) }
    }),
  )
  return {
    root: needs.flatMap(({ source, root }) => (root === undefined ? [] : [{ source, why: root }])),
    directories: outermost([config.state.dir, config.staging.dir, config.log.dir]),
    writable: once(needs.map(({ writable }) => writable)),
    secrets: once(needs.map(({ secrets }) => secrets)),
    reached: once(needs.map(({ reached }) => reached)),
    capabilities: once(needs.map(({ capabilities }) => capabilities)),
    sharesTemporary: needs.some(({ sharesTemporary }) => sharesTemporary),
    startsSetuid: needs.some(({ startsSetuid }) => startsSetuid),
  }
}

function once(lists: (readonly (string | undefined)[] | undefined)[]): string[] {
  return [...new Set(lists.flatMap(list => list ?? []).filter(path => path !== undefined))]
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
