/** In wine, with Node for Windows: the binary backs an Exchange server up with what stands in for the programs of Windows, and restores it. */
import { deepEqual, equal, notEqual } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { contentOf, WindowsServer } from '../../../test/doubles/windows/server.ts'
import { enrol, programs, shown, until } from './host.ts'

// It goes with the Windows that it lies in.
const server = new WindowsServer(() => {}, { root: 'C:\\exchange', launcher: join(programs, 'launcher.exe') })
server.enter()
server.addDatabase('Sales')
server.write('Sales', { anna: 'hello', jürgen: 'grüße' }, { logs: 4 })

const host = await enrol('C:\\failsafe', 'mailboxes', ['engine: exchange', 'systemState: { target: "S:" }'])
await host.failsafe('doctor', 'mailboxes')

const full = await host.backup('full')
deepEqual([full.kind, full.promoted], ['full', null])
deepEqual(
  full.warnings?.map(({ code }) => code),
  ['active-directory-elsewhere'],
)
notEqual(server.truncated.Sales ?? 0, 0)
deepEqual(server.world.shadows, [])
shown(
  `a full backup of ${full.artefacts} files from drive letters of shadow copies, with the System State; ${server.truncated.Sales} logs were truncated after the commit`,
)

const kills = ['staging-journalled', 'parts-uploaded', 'commit-journalled'] as const
for (const point of kills) {
  server.write('Sales', { [point]: 'mail' }, { logs: 3 })
  const untouched = () => ({ truncated: server.truncated, lastFull: server.database('Sales').lastFull })
  const before = untouched()
  const hooks = server.journal.filter(({ tool }) => tool === 'hook').length
  await host.dieAt(point, 'full')
  await until(
    `${point}: diskshadow has seen its hook fail`,
    () => server.journal.filter(({ tool }) => tool === 'hook').length > hooks,
  )
  deepEqual(untouched(), before, point)
  const next = await host.backup('full')
  equal(
    next.warnings?.some(({ code }) => code === 'earlier-run'),
    true,
    point,
  )
  deepEqual(server.world.shadows, [], point)
  equal(existsSync('P:\\'), false, point)
}
shown(
  `killed at ${kills.length} steps of a full backup: nothing was truncated, no shadow copy is left, and the next run heals`,
)

server.write('Sales', { later: 'mail' }, { logs: 2 })
const log = await host.backup('log')
deepEqual([log.kind, log.promoted, log.warnings], ['log', null, []])
shown(`a run of logs: ${log.artefacts} files`)

const restored = await host.restore('restored', '--apply', '--target', 'file:///C:/rdb')
deepEqual([restored.applied, restored.warnings], [true, []])
const content = JSON.parse(contentOf(await readFile('C:\\rdb\\Sales\\db\\Sales.edb')))
deepEqual(content, server.database('Sales').content)
const systemState = join(host.directory, 'restored', '0001-full', 'system-state', 'WindowsImageBackup')
equal((await readdir(systemState)).length, 1)
shown('restore --apply: a clean database with what the server had, and the System State')
