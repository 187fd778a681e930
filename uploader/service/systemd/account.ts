import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure } from '../../../shared/failure.ts'
import type { Host } from '../host.ts'

const file = 'etc/sysusers.d/failsafe.conf'

export interface Account {
  uid: number
  gid: number
}

export const root: Account = { uid: 0, gid: 0 }

/** Makes the account that the service runs as, where it is not there yet. It cannot log in and owns nothing but what it is given. */
export async function makeAccount(host: Host, user: string, home: string): Promise<Account> {
  const found = await findAccount(host, user)
  if (found) return found
  const path = join(host.root, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `u ${user} - "FailSafe Online Backup" ${JSON.stringify(home)}\n`)
  await host.run('systemd-sysusers', [`--root=${host.root}`, path])
  const made = await findAccount(host, user)
  if (made) return made
  throw new Failure('service-account', `The account ${user} was not made`, {
    why: 'systemd-sysusers has not entered it into /etc/passwd',
    fix: `Make it with: useradd --system ${user}`,
  })
}

async function findAccount(host: Host, user: string): Promise<Account | undefined> {
  const text = await readFile(join(host.root, 'etc/passwd'), 'utf8').catch(error => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const fields = text.split('\n').map(line => line.split(':'))
  const entry = fields.find(([name]) => name === user)
  return entry && { uid: Number(entry[2]), gid: Number(entry[3]) }
}
