import type { RestoreContext, RestoreInput } from '../engines/engine.ts'
import type { Reporter } from '../output/reporter.ts'
import type { ChainArtefact } from './artefacts.ts'
import type { Link } from './chain.ts'

/** What an engine needs to know of laid-out files. */
export function engineInput(
  directory: string,
  at: string | null,
  links: readonly Link[],
  artefacts: readonly ChainArtefact[],
): RestoreInput {
  return {
    directory,
    at,
    files: artefacts.map(({ file, line: { role, unit, size, attributes = {} } }) => ({
      name: file,
      role,
      unit,
      size,
      attributes,
    })),
    snapshots: links.map(({ manifest: { snapshot, kind, engineVersion }, units }) => ({
      snapshot,
      kind,
      units,
      engineVersion,
    })),
  }
}

export function engineContext(
  reporter: Reporter,
  warn: RestoreContext['warn'],
  rest: Pick<RestoreContext, 'signal' | 'concurrency' | 'now'>,
): RestoreContext {
  return { ...rest, warn, progress: (done, total) => reporter.progress({ label: 'applied', done, total }) }
}
