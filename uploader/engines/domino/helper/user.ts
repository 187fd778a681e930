import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { Failure, messageOf } from '../../../../shared/failure.ts'

const execute = promisify(execFile)

export interface Identity {
  uid: number
  gid: number
}

/** As whom this process runs; without a number on Windows. */
interface Own {
  uid: number | undefined
  name: string
}

/**
 * As whom the helper is started; undefined for whoever we are.
 * @throws Failure `domino-user`
 */
export async function identityOf(
  user: string | undefined,
  { uid, name }: Own = { uid: process.getuid?.(), name: userInfo().username },
): Promise<Identity | undefined> {
  if (uid === undefined) {
    if (user === undefined) return undefined
    throw refused('is for Linux', 'on Windows, the helper runs as failsafe itself', 'Take user out of the source')
  }
  if (user === undefined) {
    if (uid !== 0) return undefined
    throw refused(
      'is missing',
      'programs that use the Notes API run as the user of the server, and never as root',
      'Set user to the login that Domino runs as, for example notes',
    )
  }
  if (uid !== 0) {
    if (name === user) return undefined
    throw refused(
      `is ${user}, and failsafe runs as ${name}`,
      'only root can start the helper as somebody else',
      `Run failsafe as root, or as ${user} and take user out of the source`,
    )
  }
  try {
    const [own, group] = await Promise.all(['-u', '-g'].map(option => execute('id', [option, '--', user])))
    const identity = { uid: Number(own!.stdout), gid: Number(group!.stdout) }
    if (identity.uid !== 0) return identity
  } catch (error) {
    throw refused(`${user} does not exist here`, messageOf(error), 'Set user to the login that Domino runs as')
  }
  throw refused(
    `${user} is root`,
    'programs that use the Notes API run as the user of the server, and never as root',
    'Set user to the login that Domino runs as, for example notes',
  )
}

function refused(what: string, why: string, fix: string): Failure {
  return new Failure('domino-user', `The setting user ${what}`, { why, fix })
}
