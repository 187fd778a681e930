import { Failure } from '../../shared/failure.ts'
import type { SourceId } from '../../shared/ids.ts'
import { holdName } from '../files/hold-name.ts'

/**
 * Holds a source on this machine until `release`, or until the process dies.
 * @throws Failure `source-held` if another process holds it
 */
export async function holdSource(source: SourceId, name: string): Promise<{ release(): Promise<void> }> {
  const held = await holdName(source)
  if (held) return held
  throw new Failure('source-held', `Another run is backing up ${name} on this machine`, {
    fix: 'Wait until it has ended',
    retriable: true,
  })
}
