import { randomBytes } from 'node:crypto'
import { Failure, messageOf } from '../../shared/failure.ts'
import { readSecret } from '../config/secret.ts'
import { writeNew } from '../files/write.ts'

/**
 * The password of a new account, in its file before the account is made: whoever dies in between finds it there and goes on with it. It has of each kind
 * of characters that servers may be set to demand.
 * @param config whose owner reads it
 * @throws Failure `password-unwritable`, or those of `readSecret`
 */
export async function passwordIn(path: string, config: string): Promise<string> {
  const password = `Aa1-${randomBytes(24).toString('base64url')}`
  try {
    await writeNew(path, `${password}\n`, config)
    return password
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return (await readSecret({ passwordFile: path }))!
    throw new Failure('password-unwritable', `The password file ${path} cannot be written`, {
      why: messageOf(cause),
      fix: 'Run failsafe as root',
      cause,
    })
  }
}
