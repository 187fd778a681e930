import { rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../files/make-directory.ts'
import { writeNew } from '../files/write.ts'
import { formatBytes } from '../output/format.ts'
import { stagingFailure } from '../staging/failures.ts'
import { type Check, failed, found, ok } from './check.ts'

const check = 'staging'

/** Linux's numbers of file systems that are no place to stage in. */
const memory = new Set([0x0102_1994, 0x8584_58f6])
const remote = new Map([
  [0x6969, 'NFS'],
  [0xff53_4d42, 'CIFS'],
  [0xfe53_4d42, 'SMB'],
])

/** Whether parts can be staged, and as many as the limit says. */
export async function checkStaging({ dir, maxBytes }: { dir: string; maxBytes: number }): Promise<Check[]> {
  const probe = join(dir, `doctor-${process.pid}`)
  try {
    await makeDirectory(dir, 0o700)
    await writeNew(probe, 'A file of failsafe doctor that may be removed.\n')
    await rm(probe)
  } catch (error) {
    return [failed(check, stagingFailure(error, dir))]
  }
  const { bavail, bsize, type } = await statfs(dir)
  const free = bavail * bsize
  const checks: Check[] = []
  if (free < maxBytes)
    checks.push(
      warn('staging-space', {
        what: `${formatBytes(free)} are free in ${dir}, and ${formatBytes(maxBytes)} may be staged there`,
        why: 'a backup that is taken faster than it is sent fills the disk, and fails',
        fix: 'Free the space, set staging.dir to a larger disk, or lower staging.maxBytes in failsafe.yaml',
      }),
    )
  if (memory.has(type))
    checks.push(
      warn('staging-in-memory', {
        what: `${dir} is kept in memory`,
        why: 'staged parts take memory from the server that is backed up, and do not outlive a restart',
        fix: 'Set staging.dir to a disk',
      }),
    )
  const network = remote.get(type)
  if (network !== undefined)
    checks.push(
      warn('staging-remote', {
        what: `${dir} lies on another computer (${network})`,
        why: 'each part goes over the network twice, and a backup fails with that computer',
        fix: 'Set staging.dir to a disk of this machine',
      }),
    )
  return checks.length > 0 ? checks : [ok(check, `${dir} is writable, ${formatBytes(free)} free`)]
}

function warn(code: string, about: { what: string; why: string; fix: string }): Check {
  return found(check, { code, grave: false, ...about })
}
