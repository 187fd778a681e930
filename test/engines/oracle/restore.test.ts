import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RestoreReport } from '../../../uploader/engines/engine.ts'
import type { Description } from '../../../uploader/engines/oracle/backup/description.ts'
import { oracle as engine } from '../../../uploader/engines/oracle/engine.ts'
import type { RestoreFiles } from '../../../uploader/engines/oracle/restore/files.ts'
import { placeScript, prepareScript, scriptsOf } from '../../../uploader/engines/oracle/restore/scripts.ts'
import { readControlFile } from '../../doubles/tns/files/control-file.ts'
import { run } from '../../support/run.ts'
import { ordersIn } from './operator.ts'
import { writer } from './samples.ts'
import { chain, server, start } from './started.ts'

beforeEach(async () => {
  await start({ tablespaces: ["IT'S"] })
  const { write } = writer(server)
  write()
  await chain.take('full')
  server.database.createTablespace('LATER', 8)
  for (let i = 0; i < 12; i++) write()
  await chain.take('log')
})

const content = ({ files = [] }: Pick<RestoreReport, 'files'>, name: string) =>
  files.find(file => file.name === name)!.content

describe('the scripts of a restore', () => {
  it('prepare the folder when they are run: logs in one place, the control file, parameters that name the folder', async () => {
    await chain.report({ kind: 'latest' })
    const { code, stderr } = await run('sh', [join(chain.directory, 'prepare.sh')], { cwd: '/' })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const logs = chain.taken.flatMap(({ files }) => files.filter(({ role }) => role === 'log'))
    expect(readdirSync(join(chain.directory, 'all-logs')).sort()).toEqual(
      [...new Set(logs.map(({ name }) => name.split('/').at(-1)!))].sort(),
    )
    expect(readControlFile(join(chain.directory, 'control.ctl'))).toMatchObject({ isBackup: true })
    const parameters = readFileSync(join(chain.directory, 'init.ora'), 'utf8')
    expect(parameters).toContain(`*.control_files='${chain.directory}/control.ctl'`)
    expect(parameters).not.toContain('@FOLDER@')
  })

  it('put the files where they were, and write over nothing', async () => {
    await chain.report({ kind: 'latest' })
    const { directory, dataFiles, controlFiles } = server.database
    const place = () => run('sh', [join(chain.directory, 'place.sh')])
    const refused = await place()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('exists: nothing is written over')
    const copied = dataFiles.slice(0, -1).map(({ path }) => path)
    renameSync(join(directory, 'oradata'), join(directory, 'moved'))
    const { code, stderr } = await place()
    expect(stderr).toBe('')
    expect(code).toBe(0)
    for (const path of [...copied, ...controlFiles]) expect(existsSync(path), path).toBe(true)
    rmSync(join(directory, 'oradata'), { recursive: true })
    cpSync(join(directory, 'moved'), join(directory, 'oradata'), { recursive: true })
  })

  it('say the same of every file and of the moment, for SQL*Plus and for RMAN', async () => {
    const report = await chain.report({ kind: 'latest' })
    const here = ordersIn(report.files!)
    const rman = content(report, 'restore.rman')
    expect(here.dataFiles.size).toBe(server.database.dataFiles.length + 3)
    for (const { number, path } of server.database.dataFiles.slice(0, -1)) {
      const name = here.dataFiles.get(path)!
      expect(rman).toContain(`SWITCH DATAFILE ${number} TO DATAFILECOPY '&1./${name.replaceAll("'", "''")}';`)
    }
    expect(rman).toContain(`SET UNTIL SCN ${(here.until as { scn: bigint }).scn};`)
    expect(rman).toMatch(/SET NEWNAME FOR DATAFILE 6 TO .*\n {2}RESTORE DATAFILE 6;/)
    const samePaths = content(report, 'restore-same-paths.sql')
    expect(samePaths).not.toContain('RENAME FILE')
    expect(samePaths).toContain('ALTER DATABASE CREATE DATAFILE')
    expect(samePaths).toContain(`UNTIL CHANGE ${(here.until as { scn: bigint }).scn} USING BACKUP CONTROLFILE`)
  })

  it('are explained in the runbook, with the first SCN that can be had', async () => {
    const { runbook } = await chain.report({ kind: 'latest' })
    expect(runbook).toContain(`No state before SCN ${chain.taken[0]!.committed.units[0]!.info!.endScn}`)
    for (const name of ['prepare.sh', 'place.sh', 'restore.sql', 'restore.rman', 'restore-same-paths.sql'])
      expect(runbook).toContain(name)
  })
})

describe('a restore', () => {
  it('is not applied through a connection', async () => {
    const input = { ...chain.inputOf({ kind: 'latest' }), apply: { target: 'oracle://x' } }
    const context = {
      signal: new AbortController().signal,
      concurrency: 1,
      warn: () => {},
      progress: () => {},
      now: () => new Date(),
    }
    await expect(engine.restore(input, context)).rejects.toMatchObject({ code: 'restore-by-hand' })
  })

  it.each(['12x', '', '-1'])('before %j is refused: it is no SCN', async before => {
    await expect(chain.report({ kind: 'latest' }, before)).rejects.toMatchObject({ code: 'restore-place' })
  })

  it('before an SCN that was not backed up yet is refused', async () => {
    const end = BigInt(chain.taken.at(-1)!.committed.units[0]!.to.at)
    await chain.report({ kind: 'latest' }, String(end))
    await expect(chain.report({ kind: 'latest' }, String(end + 1n))).rejects.toMatchObject({ code: 'restore-place' })
  })

  it('of some files says that they make no database, and which are missing', async () => {
    const input = chain.inputOf({ kind: 'latest' })
    const files = input.files.filter(({ name }) => !name.includes('users01'))
    const report = await engine.restore(
      { ...input, files },
      {
        signal: new AbortController().signal,
        concurrency: 1,
        warn: () => {},
        progress: () => {},
        now: () => new Date(),
      },
    )
    expect(report.files).toBeUndefined()
    expect(report.runbook).toMatch(/they do not make a database\. Missing: `.*users01\.dbf`/)
  })
})

describe('a database that was on Windows', () => {
  const files: RestoreFiles = {
    description: {
      format: 'failsafe.oracle-database/1',
      id: '42',
      name: 'ERP',
      uniqueName: 'erp',
      instance: 'erp',
      version: '19.0.0.0.0',
      platform: 'Microsoft Windows x86 64-bit',
      hasContainers: false,
      incarnation: { id: '1', scn: '1' },
      dataFiles: [],
      tempFiles: [{ path: 'D:\\ORADATA\\TEMP01.DBF', bytes: 1000, tablespace: 'TEMP', container: '' }],
      redoFiles: [{ group: 1, path: 'D:\\ORADATA\\REDO01.LOG' }],
      controlFiles: ['D:\\ORADATA\\CONTROL01.CTL'],
      parameters: {},
    } satisfies Description,
    controlFile: '0001-full/control.ctl',
    parameters: '0001-full/init.ora',
    dataFiles: [{ number: 1, path: 'D:\\ORADATA\\R&D\\SYSTEM01.DBF', name: '0001-full/datafiles/0001-SYSTEM01.DBF' }],
    created: [],
    pieces: undefined,
    logs: ['0001-full/logs/1_1_1.arc'],
  }

  it('gets scripts with its own form of paths', () => {
    const [sql] = scriptsOf(files, { clock: '2026-11-22T10:15:00' })
    expect(sql!.content).toContain(
      "ALTER DATABASE RENAME FILE 'D:\\ORADATA\\R&D\\SYSTEM01.DBF' TO '^folder.\\0001-full\\datafiles\\0001-SYSTEM01.DBF';",
    )
    expect(sql!.content).toMatch(
      /^ALTER DATABASE RECOVER AUTOMATIC FROM '.*' DATABASE UNTIL TIME '2026-11-22:10:15:00' USING BACKUP CONTROLFILE;$/m,
    )
    const prepare = prepareScript(files)
    expect(prepare.name).toBe('prepare.cmd')
    expect(prepare.content).toContain('copy /y "0001-full\\logs\\1_1_1.arc" all-logs\\')
    expect(placeScript(files)).toMatchObject({
      name: 'place.cmd',
      content: expect.stringContaining(
        'if not exist "D:\\ORADATA\\R&D\\" mkdir "D:\\ORADATA\\R&D" || exit /b 1\r\ncopy "0001-full\\datafiles\\0001-SYSTEM01.DBF" "D:\\ORADATA\\R&D\\SYSTEM01.DBF"',
      ),
    })
  })
})

it('a file name of the folder that a shell would read otherwise stays as it is', async () => {
  const odd = mkdtempSync(join(tmpdir(), "failsafe it's & $odd "))
  writeFileSync(join(odd, 'x'), '')
  cpSync(chain.directory, join(odd, 'copy'), { recursive: true })
  await chain.report({ kind: 'latest' })
  for (const name of ['prepare.sh', 'init-restore.ora']) cpSync(join(chain.directory, name), join(odd, 'copy', name))
  const { code, stderr } = await run('sh', [join(odd, 'copy', 'prepare.sh')])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(readFileSync(join(odd, 'copy', 'init.ora'), 'utf8')).toContain(`'${odd}/copy/control.ctl'`)
  rmSync(odd, { recursive: true })
})
