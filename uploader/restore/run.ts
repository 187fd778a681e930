import { join } from 'node:path'
import { Failure } from '../../shared/failure.ts'
import type { Trust } from '../../shared/restore/trust.ts'
import type { EngineKind } from '../../shared/snapshot.ts'
import type { Engine, RestoreContext, RestoreInput, RestoreReport } from '../engines/engine.ts'
import type { Reporter } from '../output/reporter.ts'
import type { RestoreReceiver } from '../receiver/receiver.ts'
import { artefactsOf, type ChainArtefact, onlyMatching } from './artefacts.ts'
import { fetchChain, type Reading, type Wanted } from './chain.ts'
import { concurrently } from './concurrently.ts'
import { asApplyFailure, asDiskFailure, requireSpace } from './disk.ts'
import { engineContext, engineInput } from './engine-input.ts'
import { Layout } from './layout.ts'
import { readStretch, stretchesOf } from './stretches.ts'

const runbookName = 'RESTORE.md'

export interface RestoreRequest {
  receiver: RestoreReceiver
  wanted: Wanted
  /** Secret keys of age. */
  identities: readonly string[]
  trust: Trust
  directory: string
  only?: string
  /** The state just before this place in the logs. */
  before?: string
  apply?: { target: string }
  engineFor(kind: EngineKind): Promise<Engine>
  /** Artefacts that are fetched at the same time. */
  concurrency: number
  reporter: Reporter
  reading: Omit<Reading, 'onBytes'>
  now(): Date
  platform: NodeJS.Platform
}

export interface RestoreResult {
  sourceName: string
  engine: EngineKind
  snapshots: string[]
  at: string | null
  files: number
  /** Plain bytes. */
  bytes: number
  applied: boolean
  runbook: string
  notes: string[]
  warnings: { code: string; message: string }[]
}

/**
 * Fetches, opens and checks everything, and only then moves it into the directory; applies it after that. If it throws, nothing
 * was written over, and unless the engine itself failed nothing was applied or left behind.
 */
export async function runRestore(request: RestoreRequest): Promise<RestoreResult> {
  const { reporter, directory, reading, concurrency, identities } = request
  const stop = new AbortController()
  const signal = AbortSignal.any([reading.signal, stop.signal])
  const warnings: RestoreResult['warnings'] = []
  const warn = (code: string, message: string) => {
    warnings.push({ code, message })
    reporter.warning(code, message)
  }
  const progress = { done: 0, total: null as number | null }
  const onBytes = (count: number) => {
    progress.done += count
    reporter.progress({ label: 'downloaded', ...progress })
  }
  let layout: Layout | undefined
  try {
    layout = await Layout.open(directory)
    for (const path of await layout.leftovers())
      warn('partial-left', `${path} is left from a killed restore; remove it`)
    // The commonest obstacle, an earlier restore, is found before a use of the link is spent.
    await layout.requireFree([runbookName])
    const proof = { trust: request.trust, identities }
    const chain = await fetchChain(request.receiver, request.wanted, proof, { ...reading, signal, onBytes })
    for (const snapshot of chain.doubtful)
      warn('snapshot-doubtful', `an earlier check found snapshot ${snapshot} broken, and nothing else leads there`)
    const engine = await request.engineFor(chain.engine)
    const { units } = request.wanted
    const all = (await artefactsOf(chain.links, identities, request.platform)).filter(
      ({ line }) => units === undefined || units.includes(line.unit),
    )
    const artefacts = request.only === undefined ? all : selected(all, request.only, request.apply !== undefined)
    const files = artefacts.map(({ file }) => file)
    if (files.includes(runbookName)) throw new Failure('artefact-name-refused', `An artefact is called ${runbookName}`)
    await layout.requireFree([...files, runbookName])
    const bytes = artefacts.reduce((sum, { line }) => sum + line.size, 0)
    await requireSpace(layout.directory, bytes)
    progress.total = progress.done + artefacts.reduce((sum, { line }) => sum + line.sealedSize, 0)
    const write = ({ file }: ChainArtefact, plain: AsyncIterable<Uint8Array>) => layout!.write(file, plain)
    await concurrently(stretchesOf(artefacts), concurrency, stop, stretch => readStretch(stretch, identities, write))

    // The engine looks into the files to write its runbook; they have not moved into place yet.
    const input = {
      ...engineInput(layout.unplaced, chain.at, chain.links, artefacts),
      ...(request.before === undefined ? {} : { before: request.before }),
      ...(request.only === undefined ? {} : { only: request.only }),
    }
    const context = engineContext(reporter, warn, { signal, concurrency, now: request.now })
    const { runbook, files: scripts = [] } = await engine.restore(input, context)
    for (const { name, content } of [{ name: runbookName, content: runbook }, ...scripts])
      await layout.write(name, text(content))
    await layout.place([...files, runbookName, ...scripts.map(({ name }) => name)])
    const placed = { ...input, directory: layout.directory }
    const report = request.apply && (await applied(engine, { ...placed, apply: request.apply }, context))
    return {
      sourceName: chain.sourceName,
      engine: chain.engine,
      snapshots: chain.links.map(({ manifest }) => manifest.snapshot),
      at: chain.at,
      files: files.length,
      bytes,
      applied: report?.applied ?? false,
      runbook: join(layout.directory, runbookName),
      notes: report?.notes ?? [],
      warnings,
    }
  } catch (error) {
    throw asDiskFailure(directory, error)
  } finally {
    await layout?.close()
  }
}

/** What the engine does not explain itself is at least not said of the files that are laid out. */
async function applied(engine: Engine, input: RestoreInput, context: RestoreContext): Promise<RestoreReport> {
  try {
    return await engine.restore(input, context)
  } catch (error) {
    throw asApplyFailure(join(input.directory, runbookName), error)
  }
}

/** What is applied is rolled forward as a whole backup would be: then the logs come along. */
function selected(artefacts: ChainArtefact[], only: string, withLogs: boolean): ChainArtefact[] {
  const matching = new Set(onlyMatching(artefacts, only))
  if (matching.size > 0)
    return artefacts.filter(artefact => matching.has(artefact) || (withLogs && artefact.line.role === 'log'))
  throw new Failure('nothing-matches', `No artefact matches ${JSON.stringify(only)}`, {
    why: `there are ${artefacts.length} artefacts, for instance ${JSON.stringify(artefacts[0]?.line.name)}`,
    fix: 'List them with: failsafe show SNAPSHOT --identity FILE',
  })
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content)
}
