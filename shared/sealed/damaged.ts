import { Failure, messageOf } from '../failure.ts'

/** A sealed artefact that is not what was sealed. Nothing that was read from it may be used. */
export function damaged(why: string, cause?: unknown): Failure {
  return new Failure('sealed-damaged', 'A sealed artefact is damaged', {
    why,
    fix: 'Fetch it again; if that does not help, restore another snapshot',
    cause,
  })
}

/** What the age package says of a header, as ours. @returns `identity-does-not-open`, or `sealed-damaged` if the header was changed */
export function headerFailure(cause: unknown): Failure {
  if (!/no identity matched/.test(messageOf(cause))) return damaged('its header was changed', cause)
  return new Failure('identity-does-not-open', 'This identity does not open the artefact', {
    why: 'it was sealed to another recipient, or its header was changed',
    fix: 'Use the recovery kit of the time when the backup was made',
    cause,
  })
}
