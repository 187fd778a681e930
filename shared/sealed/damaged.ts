import { Failure } from '../failure.ts'

/** A sealed artefact that is not what was sealed. Nothing that was read from it may be used. */
export function damaged(why: string, cause?: unknown): Failure {
  return new Failure('sealed-damaged', 'A sealed artefact is damaged', {
    why,
    fix: 'Fetch it again; if that does not help, restore another snapshot',
    cause,
  })
}
