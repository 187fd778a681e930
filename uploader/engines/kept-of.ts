import type { StagedArtefact } from './engine.ts'

/** What there is of an artefact that a process before this one has staged, so that it is not read; undefined for one that is. */
export function keptOf<T extends { name: string }>(
  kept: ReadonlyMap<string, T>,
  { name, resumeKey }: Pick<StagedArtefact, 'name' | 'resumeKey'>,
): T | undefined {
  const found = resumeKey === undefined ? undefined : kept.get(resumeKey)
  return found?.name === name ? found : undefined
}
