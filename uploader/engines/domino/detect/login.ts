import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The name of a user of this machine; undefined where nobody has that number. */
export async function loginOf(uid: number): Promise<string | undefined> {
  return execute('id', ['-nu', '--', String(uid)]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  )
}
