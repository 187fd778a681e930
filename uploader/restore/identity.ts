import { readFile } from 'node:fs/promises'
import { Failure } from '../../shared/failure.ts'

/** @throws Failure `identity-unreadable` */
export async function readIdentityFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure('identity-unreadable', `The recovery kit ${path} cannot be read`, {
      why: (cause as NodeJS.ErrnoException).code,
      fix: 'Give the path of the recovery kit, or of an identity file of age, with --identity',
      cause,
    })
  }
}
