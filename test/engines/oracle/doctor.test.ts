import { readFileSync, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { oracle as engine } from '../../../uploader/engines/oracle/engine.ts'
import { OraError } from '../../doubles/tns/ora.ts'
import { beginDatabaseBackup } from '../../doubles/tns/rules/backup-mode.ts'
import type { SystemPrivilege } from '../../doubles/tns/session/session.ts'
import { users, writer } from './samples.ts'
import { chain, server, start } from './started.ts'

const check = () => engine.checkRights!(chain.settings, new AbortController().signal)
const codes = async () => (await check()).map(({ code, grave }) => (grave ? code : `(${code})`))

const all: SystemPrivilege[] = [
  'CREATE SESSION',
  'SELECT ANY DICTIONARY',
  'ALTER DATABASE',
  'ALTER SYSTEM',
  'ALTER TABLESPACE',
  'CREATE ANY DIRECTORY',
  'DROP ANY DIRECTORY',
]
const plain = (privileges: SystemPrivilege[]) => ({
  users: [{ name: 'BKP', password: 'p', administrative: [], privileges }],
})

describe('doctor', () => {
  it.each(['local', 'remote'])('finds nothing where all is well, and leaves nothing, %s', async files => {
    await start({}, { files })
    expect(await check()).toEqual([])
    expect(server.database.directories).toEqual([])
    expect(await readdir(join(server.database.directory, 'exchange'))).toEqual([])
  })

  it('finds nothing for an account with the privileges that were granted one by one', async () => {
    await start(plain(all), { files: 'remote' })
    expect(await check()).toEqual([])
  })

  it.each(all.slice(1))('names %s, with its GRANT', async right => {
    await start(plain(all.filter(each => each !== right)), { files: 'remote' })
    const findings = await check()
    const found = findings.find(({ what }) => what.endsWith(right))!
    expect(found).toMatchObject({
      code: 'oracle-missing-right',
      grave: right !== 'ALTER TABLESPACE' && right !== 'DROP ANY DIRECTORY',
    })
    expect(found.fix).toContain(`GRANT ${right} TO "BKP"`)
  })

  it('says where the server cannot write', async () => {
    await start()
    rmSync(join(server.database.directory, 'exchange'), { recursive: true })
    expect(await codes()).toEqual(['oracle-directory'])
  })

  it('says which data file cannot be read', async () => {
    await start({}, { files: 'remote' })
    const denied = new OraError(22_288, 'file or LOB operation FILEOPEN failed\nPermission denied')
    server.faults.add(/BFILE OPEN .*users01/, denied)
    expect((await check()).map(({ code, what }) => `${code} ${what}`)).toEqual([
      expect.stringMatching(/^oracle-file-denied .*users01\.dbf/),
    ])
  })

  it('says that files lie in ASM', async () => {
    await start()
    server.database.file(users).name = '+DATA/SHOP/DATAFILE/users.259.1'
    expect(await codes()).toEqual(['oracle-asm'])
  })

  it('says what is in backup mode, where redo cannot be archived, and that a keystore is in no backup', async () => {
    await start()
    beginDatabaseBackup(server.database, 0)
    server.keystore = 'OPEN'
    server.database.logs.destinations[0]!.full = true
    expect(await codes()).toEqual(['(oracle-keystore)', '(oracle-archiver-stuck)', '(oracle-backup-mode-on)'])
  })

  it('says that the control file forgets archived logs before they are backed up', async () => {
    await start()
    const logs = (pause: number) => engine.checkLogs!(chain.settings, pause, new AbortController().signal)
    expect(await logs(900)).toEqual([])
    expect(await logs(7 * 86_400)).toEqual([
      expect.objectContaining({ code: 'oracle-logs-forgotten', fix: expect.stringContaining('= 14') }),
    ])
  })
})

/** What the documentation has an administrator grant. */
const documented = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/engines/oracle.md'), 'utf8').matchAll(
    /^GRANT ([^;]+?) TO /gm,
  ),
].map(([, granted]) => granted!.split(/,\s+/))

describe('an account with what the documentation grants, and no more', () => {
  it('has SYSBACKUP, or privileges one by one', () => {
    expect(documented).toEqual([['CREATE SESSION', 'SYSBACKUP'], all])
  })

  it.each(documented)('lacks nothing: fulls and logs, read both ways (%s, %s…)', async (...granted) => {
    const user = {
      ...plain(all.filter(right => granted.includes(right))).users[0]!,
      administrative: granted.includes('SYSBACKUP') ? ['SYSBACKUP' as const] : [],
    }
    for (const files of ['local', 'remote']) {
      await start({ users: [user] }, { files })
      expect(await check()).toEqual([])
      expect((await chain.take('full')).warnings).toEqual([])
      writer(server).write()
      expect(await chain.take('log')).toMatchObject({ warnings: [], plan: { kind: 'log' } })
      const { got, held } = await chain.restore({ kind: 'latest' })
      expect(got).toEqual(held)
    }
  })
})
