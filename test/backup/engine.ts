import { z } from 'zod'
import type { BackupContext, Engine, Plan, Session, StagedArtefact, Stored } from '../../uploader/engines/engine.ts'

export interface Content {
  name: string
  order: number
  /** May use one buffer for all its chunks, and may throw. */
  read(): AsyncIterable<Uint8Array>
}

/** An application made of the contents that a test hands it. It notes what was asked of it. */
export class FakeEngine implements Engine<object, object> {
  readonly kind = 'mysql'
  readonly settings = z.object({})
  readonly notes: string[] = []
  readonly contents: Content[]
  expectedBytes: number
  context: BackupContext | undefined
  plan: Engine<object, object>['plan']

  constructor(contents: Content[], expectedBytes = 1024 ** 3) {
    this.contents = contents
    this.expectedBytes = expectedBytes
    this.plan = (requested): Plan => ({
      kind: 'full',
      promoted: requested === 'full' ? null : { code: 'NO_LOGS', reason: 'this test makes full backups only' },
      expectedBytes: this.expectedBytes,
      steps: ['Open a consistent view of all databases', 'Back up all databases to the temporary directory'],
      engineVersion: 'test 1',
    })
  }

  async inspect() {
    return {}
  }

  async begin(_settings: object, _plan: Plan, context: BackupContext): Promise<Session> {
    const { contents, notes } = this
    this.context = context
    notes.push('begin')
    context.step(1)
    context.step(2)
    return {
      async *artefacts(): AsyncGenerator<StagedArtefact> {
        try {
          for (const { name, order, read } of contents)
            yield { name, role: 'data', unit: 'server', order, read, attributes: { table: name } }
        } finally {
          notes.push('artefacts ended')
        }
      },
      units: () => [
        {
          unit: 'server',
          kind: 'full',
          base: null,
          from: null,
          to: { stream: 's', at: '0001' },
          covers: { from: '2026-11-22T10:00:00Z', to: '2026-11-22T10:00:01Z' },
        },
      ],
      async close(outcome) {
        notes.push(`close ${outcome}`)
      },
    }
  }

  async committed(_settings: object, { snapshot }: Stored) {
    this.notes.push(`committed ${snapshot}`)
    return { notes: [] }
  }

  async restore(): ReturnType<Engine['restore']> {
    throw new Error('not in this test')
  }
}
