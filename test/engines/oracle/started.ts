import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import { Rman } from '../../doubles/rman/rman.ts'
import type { Oracle, OracleOptions } from '../../doubles/tns/oracle.ts'
import { BackupChain } from './chain.ts'
import { smallOracle } from './samples.ts'

/** The database of this test, and the source of it that was begun last. All are gone when the test is over. */
export let server: Oracle
export let chain: BackupChain
/** Where `startRman` has begun it. */
export let rman: Rman

const open: AsyncDisposable[] = []

export async function start(options: OracleOptions = {}, settings: Record<string, unknown> = {}): Promise<void> {
  server = await smallOracle(options)
  open.push(server)
  await source(settings)
}

/** RMAN beside that database. */
export function startRman(): void {
  rman = new Rman(server)
  open.push(rman)
}

/** A source of that database, with backups of its own. @param settings beyond those that lead to the database */
export async function source(settings: Record<string, unknown>): Promise<void> {
  chain = await BackupChain.of(server, settings)
  open.push(chain)
}

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]()
})

/** Numbers of the data files that are in backup mode. */
export const active = (): number[] =>
  server.database.dataFiles.filter(({ backup }) => backup.active).map(({ number }) => number)

/** What lies in the exchange directory. */
export const exchange = (): string[] => readdirSync(join(server.database.directory, 'exchange'))
