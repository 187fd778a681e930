import { readFile } from 'node:fs/promises'
import { Failure } from '../../../../shared/failure.ts'

/** Where Linux says which service a process belongs to; there is none elsewhere. */
const ownGroup = '/proc/self/cgroup'

/**
 * Whoever starts an instance is the parent of its processes: one that failsafe's own service starts belongs to that service, may write only where it may, and is killed
 * when it stops.
 * @throws Failure `oracle-start-in-service`
 */
export async function requireOutsideService(group = ownGroup): Promise<void> {
  const content = await readFile(group, 'utf8').catch(() => '')
  if (!/\/failsafe\.service(\/|$)/m.test(content)) return
  throw new Failure('oracle-start-in-service', 'The service failsafe does not start a database', {
    why: 'the database would belong to the service, and be killed when that stops',
    fix: 'Run the backup of this source outside of it (a timer of the owner of the Oracle software: failsafe backup SOURCE --mode full), or close the database before the run: noarchivelog: closed',
  })
}
