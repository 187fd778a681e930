import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changeWorld, localIn, note, pause, readWorld, rootOf } from '../world.ts'

export function wbadmin(argv: string[]): number {
  note({ tool: 'wbadmin', argv })
  const world = readWorld()
  const out = (line: string) => process.stdout.write(`${line}\r\n`)
  if (!world.serverBackup) {
    out('Windows Server Backup is not installed on this computer.')
    return 3
  }
  const stopped = join(rootOf(), 'wbadmin-stopped')
  if (argv.join(' ').toLowerCase() === 'stop job -quiet') {
    writeFileSync(stopped, '')
    return 0
  }
  const target = argv.find(arg => /^-backupTarget:/i.test(arg))?.slice('-backupTarget:'.length)
  if (target === undefined) return 2
  const command = argv.slice(0, 2).join(' ').toLowerCase()
  if (command === 'get versions') {
    for (const { target: at, version } of world.systemStates) if (at === target) out(`Version identifier: ${version}`)
    return 0
  }
  if (command !== 'start systemstatebackup' || !argv.includes('-quiet')) return 2
  if (!/^[A-Za-z]:\\?$|^\\\\[^?]/.test(target)) {
    out('The backup storage location is not valid: a folder of a volume is not accepted.')
    return 1
  }
  if (target.toUpperCase().startsWith('C:') && !world.systemStateAnywhere) {
    out('The backup location is on a volume that is included in the backup.')
    return 1
  }
  if (world.faults.wbadmin === 'fails') {
    out('The backup operation stopped before completing.')
    return 4
  }
  const root = join(localIn(rootOf(), target), 'WindowsImageBackup')
  // On a share there is one version, and the one before is gone.
  if (target.startsWith('\\\\')) rmSync(root, { recursive: true, force: true })
  const at = new Date()
  const stamp = at.toISOString()
  const version = `${stamp.slice(5, 7)}/${stamp.slice(8, 10)}/${stamp.slice(0, 4)}-${stamp.slice(11, 16)}`
  const machine = join(root, world.server)
  const backup = join(machine, `Backup ${stamp.slice(0, 10)} ${stamp.slice(11, 19).replaceAll(':', '')}`)
  mkdirSync(backup, { recursive: true })
  mkdirSync(join(machine, 'Catalog'))
  writeFileSync(join(machine, 'MediaId'), 'media')
  if (world.faults.wbadmin === 'slow') {
    while (!existsSync(stopped)) pause(20)
    return 4
  }
  writeFileSync(join(machine, 'Catalog', 'GlobalCatalog'), 'catalogue')
  writeFileSync(join(machine, 'Catalog', 'BackupGlobalCatalog'), 'catalogue')
  writeFileSync(join(backup, 'Components.xml'), '<components/>')
  if (world.faults.wbadmin !== 'no-image')
    writeFileSync(join(backup, 'c.vhdx'), `registry of ${world.server} `.repeat(1000))
  changeWorld(({ systemStates }) => systemStates.push({ target, version }))
  out('The backup operation successfully completed.')
  return 0
}
