import { z } from 'zod'
import type { BackupContext, Engine, Plan, Session, Stored } from '../../uploader/engines/engine.ts'
import { noiseOf } from '../support/noise.ts'
import { MiB } from './support.ts'

/**
 * An application of twenty databases, each of which is backed up by itself, as SQL Server's are: a copy that was taken is good whatever becomes of the others. Each is
 * its own unit, and where its copy ends is known only from the copy.
 */
export class StandaloneEngine implements Engine<object, object> {
  readonly kind = 'mysql'
  readonly settings = z.object({})
  readonly marker: string
  readonly databases = Array.from({ length: 20 }, (_, n) => `db${String(n).padStart(2, '0')}`)
  /** Whose content was read, in this process. */
  readonly reads: string[] = []
  readonly stored: Stored[] = []
  recovered = 0
  /** Databases that have another content than before. */
  changed = new Set<string>()

  constructor(marker: string) {
    this.marker = marker
  }

  async inspect() {
    return {}
  }

  plan(kind: 'full' | 'differential' | 'log'): Plan {
    const expectedBytes = 1024 ** 3
    return { kind, promoted: null, expectedBytes, steps: ['Back up each database'], engineVersion: 'test 1' }
  }

  read(database: string): AsyncIterable<Uint8Array> {
    // Most of them share a part with others, some lie in several.
    const nth = Number(database.slice(2)) % 8
    return noiseOf(nth === 7 ? 6 * MiB : (nth + 1) * 200_000, this.#version(database))
  }

  async begin(_settings: object, _plan: Plan, { kept }: BackupContext): Promise<Session> {
    const engine = this
    const ends = new Map<string, string>()
    return {
      async *artefacts() {
        for (const [order, database] of engine.databases.entries()) {
          const name = `${engine.marker}/${database}.bak`
          const resumeKey = engine.#version(database)
          const attributes: Record<string, string> = { ...kept.get(resumeKey)?.attributes }
          if (attributes.end) ends.set(database, attributes.end)
          const read = async function* () {
            engine.reads.push(database)
            yield* engine.read(database)
            attributes.end = `0000${engine.reads.length}`
            ends.set(database, attributes.end)
          }
          yield { name, role: 'database', unit: database, order, resumeKey, attributes, read }
        }
      },
      units: () =>
        engine.databases.map(unit => ({
          unit,
          kind: 'full',
          base: null,
          from: null,
          to: { stream: unit, at: ends.get(unit)! },
          covers: { from: '2026-11-22T10:00:00Z', to: '2026-11-22T10:00:01Z' },
        })),
      async close() {},
    }
  }

  async committed(_settings: object, stored: Stored) {
    this.stored.push(stored)
    return { notes: [] }
  }

  async recover() {
    this.recovered += 1
    return { notes: [] }
  }

  async restore(): ReturnType<Engine['restore']> {
    throw new Error('not in this test')
  }

  #version(database: string): string {
    return `${database} ${this.changed.has(database) ? 2 : 1}`
  }
}
