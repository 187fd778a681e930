/**
 * `npm run wine`: the Windows binary at work under wine 10, on Linux: Domino, Exchange and MariaDB of the tests, each backed up and restored (docs/windows.md). Needs root, Debian's mirror, npm's
 * registry or its cache, and 3.5 GB in build/wine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf } from '../shared/failure.ts'
import { startTestCloud, type TestCloud } from '../test/support/cloud.ts'
import { runOk } from '../test/support/run.ts'
import { heading, say } from './demo/talk.ts'
import { runtime } from './package/runtime.ts'
import { targets } from './package/targets.ts'
import { setUp } from './setup.ts'
import type { Beside } from './wine/beside.ts'
import { Chroot } from './wine/chroot.ts'
import { mariadbServer, mariadbServers } from './wine/mariadb.ts'
import { Windows } from './wine/windows.ts'

const root = dirname(import.meta.dirname)
process.chdir(root)
if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('The Windows binary is tried in a chroot with wine, which needs Linux and root rights.')
  process.exit(2)
}
if (!(await setUp('wine'))) process.exit(2)

const jobs: { name: string; script: string; beside?: (cloud: TestCloud) => Promise<Beside> }[] = [
  { name: 'Domino', script: 'scripts/wine/jobs/domino.ts' },
  { name: 'Exchange', script: 'scripts/wine/jobs/exchange.ts' },
  { name: 'MariaDB', script: 'scripts/wine/jobs/mariadb.ts', beside: mariadbServers },
  { name: 'The daemon', script: 'scripts/wine/jobs/daemon.ts', beside: mariadbServer },
]
const target = targets.find(({ name }) => name === 'win-x64')!
const directory = await mkdtemp(join(tmpdir(), 'failsafe-wine-'))
try {
  heading('The binary for Windows, built from this tree')
  await runOk(process.execPath, ['scripts/package.ts', '--target', target.name, '--target', 'linux-x64'])
  const binary = join(root, 'dist', target.file)
  const mortal = join(directory, 'mortal.exe')
  await runOk(process.execPath, ['test/e2e/build-mortal.ts', mortal, target.name])
  say(`${binary}, and one that dies where it is told to`)

  heading('A Debian with wine and mingw, and a Windows in it')
  const chroot = await Chroot.make(join(root, 'build/wine'), root)
  const node = await runtime(root, join(root, 'build'), target)
  const windows = await Windows.make(chroot, { failsafe: binary, mortal, node })
  say((await chroot.runOk(['wine', '--version'])).trim())

  const cloud = await startTestCloud({ timer: true })
  try {
    const admin = (...args: string[]) => runOk(process.execPath, ['admin/main.ts', ...args, '--local', cloud.directory])
    await admin('tenant', 'create', 'wine', '--name', 'Windows under wine')
    say(`receiver ${cloud.url}`)
    for (const { name, script, beside } of jobs) {
      heading(name)
      const { enrol } = JSON.parse((await admin('enrol-token', 'wine', '--json')).stdout) as { enrol: string }
      const outside = await beside?.(cloud)
      try {
        const env = { FAILSAFE_ENROL_TOKEN: enrol, ...outside?.env }
        const { code, stdout, stderr } = await windows.run(script, env)
        for (const line of stdout.trim().split(/\r?\n/)) say(line)
        if (code !== 0) throw new Error(`${stderr.trim()}\nit ended with ${code}`)
        for (const line of (await outside?.check(windows)) ?? []) say(line)
      } catch (error) {
        say(`${name} under wine FAILED: ${messageOf(error)}`)
        process.exitCode = 1
      } finally {
        await outside?.close()
      }
    }
  } finally {
    await cloud.close()
  }
} catch (error) {
  console.error(`The Windows binary could not be tried: ${messageOf(error)}`)
  process.exitCode = 1
} finally {
  await rm(directory, { recursive: true, force: true })
}
process.exit()
