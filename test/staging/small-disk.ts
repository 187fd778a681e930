import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, runOk } from '../support/run.ts'

/** A file system of its own in memory. `options` as mount takes them: `size=1m`, `nr_inodes=4`, `ro`. */
export async function mountDisk(options: string) {
  const path = await mkdtemp(join(tmpdir(), 'failsafe-disk-'))
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  if (mounted.code !== 0) {
    await rm(path, { recursive: true })
    throw new Error(`These tests mount small disks, which this account may not: run them as root. ${mounted.stderr}`)
  }
  const vanish = () => runOk('umount', ['--lazy', path])
  let there = true
  return {
    path,
    /** Takes it away as when a disk is pulled out. */
    async vanish() {
      there = false
      await vanish()
    },
    async resize(size: string) {
      await runOk('mount', ['-o', `remount,${size}`, path])
    },
    async [Symbol.asyncDispose]() {
      if (there) await vanish()
      await rm(path, { recursive: true, force: true })
    },
  }
}
