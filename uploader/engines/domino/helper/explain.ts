import { Failure } from '../../../../shared/failure.ts'
import { status } from '../notes/status.ts'
import type { Instance } from '../place/instance.ts'
import { CallFailed, HelperLost } from './call-failed.ts'

/** What an error of the helper means for the whole run; anything else as it is. */
export function explain(
  error: unknown,
  { library, program, ini }: Pick<Instance, 'library' | 'program' | 'ini'>,
): unknown {
  if (error instanceof HelperLost)
    return new Failure('domino-helper-lost', 'The helper process that speaks with Domino is gone', {
      why: error.message,
      fix: 'Look for a report of Domino (IBM_TECHNICAL_SUPPORT or HCL_TECHNICAL_SUPPORT in the data directory), and run it again',
      retriable: true,
      cause: error,
    })
  if (!(error instanceof CallFailed)) return error
  if (error.code === 'addon')
    return new Failure('domino-addon', 'The helper process could not load its native part', {
      why: error.message,
      fix: 'Set FAILSAFE_ADDONS to a directory that the user of Domino may write to and that is not mounted noexec',
      cause: error,
    })
  if (error.code === 'library')
    return new Failure('domino-library', `The Notes library ${library} cannot be used`, {
      why: error.message,
      fix:
        error.missing === undefined
          ? `Correct program (it is ${program}): the 64-bit program directory of Domino`
          : 'Domino 9.0.1 or later is needed',
      cause: error,
    })
  return new Failure('domino-api', 'Domino refused what a backup needs', {
    why: error.message,
    fix: `Look with: failsafe doctor. The server of ${ini} says more in its console log`,
    retriable: error.status === status.archiveInProgress,
    cause: error,
  })
}

/** Why the API cannot be initialised: three things, and Domino has hardly any words for them. */
export function explainInit(error: unknown, instance: Instance, user: string | undefined): unknown {
  if (error instanceof HelperLost && /said nothing/.test(error.message))
    return new Failure('domino-password', 'Domino does not answer the helper process', {
      why: `${error.message}; a server id with a password asks for it on a console that is not there`,
      fix: 'Take the password off the server id, or let the server run so that it shares its id',
      cause: error,
    })
  if (!(error instanceof CallFailed) || error.status === undefined) return explain(error, instance)
  return new Failure('domino-init', 'The Notes API could not be initialised', {
    why: `${error.message}, as ${user ?? 'the user of failsafe'}, with ${instance.ini}`,
    fix: `Set user to the login that Domino runs as, and see that it may read ${instance.ini} and write ${instance.data}`,
    cause: error,
  })
}
