import type { RestoreInput } from '../../engine.ts'
import type { Flavour } from '../inventory.ts'
import { method } from './base.ts'

/** What of a laid-out backup is unpacked, in this order: the full, and the differential on it if there is one. */
export interface Streams {
  flavour: Flavour
  full: string
  differential: string | undefined
}

export function isPhysical({ snapshots }: RestoreInput): boolean {
  return snapshots.some(({ kind, units }) => kind === 'full' && units[0]?.info?.method === method)
}

/** Undefined where only a part of the files was laid out: such a backup is of use as a whole. */
export function streamsOf({ files, snapshots }: RestoreInput): Streams | undefined {
  const [full, differential] = files.filter(({ role }) => role === 'database').map(({ name }) => name)
  const expected = snapshots.filter(({ kind }) => kind !== 'log').length
  if (full === undefined || expected > 1 !== (differential !== undefined)) return undefined
  const mariadb = snapshots.at(-1)!.engineVersion.startsWith('MariaDB')
  return { flavour: mariadb ? 'mariadb' : 'mysql', full, differential }
}

/** The arguments of the backup program that make a data directory of what was unpacked, call by call. */
export function prepareArgs(
  { flavour, differential }: Pick<Streams, 'flavour' | 'differential'>,
  directory: string,
  increment: string,
): string[][] {
  const prepare = ['--prepare', `--target-dir=${directory}`]
  if (differential === undefined) return [prepare]
  // MySQL's program would roll back what the differential goes on with.
  const first = flavour === 'mysql' ? [...prepare, '--apply-log-only'] : prepare
  return [first, [...prepare, `--incremental-dir=${increment}`]]
}
