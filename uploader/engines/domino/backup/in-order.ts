import type { StagedArtefact } from '../../engine.ts'
import { unit } from '../position.ts'

export type Make = (
  name: string,
  role: StagedArtefact['role'],
  attributes: Record<string, string>,
  read: StagedArtefact['read'],
) => StagedArtefact

/** Makes the artefacts of one session: they are restored in the order in which they are made. */
export function inOrder(): Make {
  let order = 0
  return (name, role, attributes, read) => ({ name, role, unit, order: order++, attributes, read })
}
