import { sign } from '../../shared/jws.ts'
import { Manifest, type Pack } from '../../shared/manifest.ts'
import type { EngineKind } from '../../shared/snapshot.ts'
import type { RecordOf } from '../staging/journal.ts'
import type { AgentState } from '../state/agent.ts'
import type { Opened } from './backup.ts'

/** The manifest of a snapshot whose packs are all complete. Made of what the journal says, so that a later process makes the same. */
export function signManifest(
  agent: AgentState,
  engine: EngineKind,
  parts: {
    run: RecordOf<'run'>
    opened: Pick<Opened, 'snapshot' | 'partSize'>
    allStaged: RecordOf<'all-staged'>
    packs: Pack[]
    now: Date
  },
): Promise<string> {
  const { run, opened, allStaged, packs, now } = parts
  const manifest: Manifest = {
    format: 'failsafe.manifest/1',
    agent: agent.agent,
    source: run.source,
    snapshot: opened.snapshot,
    run: run.run,
    engine,
    lane: run.lane,
    kind: run.kind,
    startedAt: run.startedAt,
    sealedAt: now.toISOString(),
    recipients: run.recipients,
    partSize: opened.partSize,
    packs,
    ...allStaged.manifest,
  }
  return sign(manifest.format, Manifest.parse(manifest), agent.key)
}
