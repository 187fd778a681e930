import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../mysql/harness.ts'
import { writer } from './samples.ts'
import { active, chain, exchange, server, source, start } from './started.ts'

/**
 * A stand-in for RMAN: it writes down what it is told and under which environment, does what `act` says in the shell (`$format` is the path that pieces are to have,
 * without %U), and ends.
 */
async function startWith(act: string): Promise<void> {
  await start()
  const home = join(server.database.directory, 'home')
  mkdirSync(join(home, 'bin'), { recursive: true })
  const program = join(home, 'bin', 'rman')
  writeFileSync(
    program,
    `#!/bin/sh
cat > '${home}/commands'
echo "$ORACLE_HOME $ORACLE_SID $# $LANG" > '${home}/environment'
format=$(sed -n "s/.*FORMAT '\\(.*\\)%U'.*/\\1/p" '${home}/commands')
${act}
`,
  )
  chmodSync(program, 0o755)
  await source({ method: 'rman', rman: { home, sid: 'shop1' } })
}

const home = () => join(server.database.directory, 'home')
const told = (name: string) => readFileSync(join(home(), name), 'utf8')

describe('a full by RMAN', () => {
  const writes = `printf one > "\${format}01_1_1"; printf two > "\${format}01_2_1"`

  it('holds the pieces that it wrote, which are gone from the server then; no file was in backup mode', async () => {
    await startWith(writes)
    const { write } = writer(server)
    write()
    const taken = await chain.take('full')
    expect(taken.warnings).toEqual([])
    const pieces = taken.files.filter(({ role }) => role === 'data')
    expect(pieces.map(({ name }) => readFileSync(join(chain.directory, name), 'utf8'))).toEqual(['one', 'two'])
    expect(pieces[0]!.name).toMatch(/\/rman\/01_1_1\.bkp$/)
    expect(exchange()).toEqual([])
    expect(server.statements.some(({ sql }) => /BEGIN BACKUP/.test(sql))).toBe(false)
    expect(taken.committed.units[0]!.info).toMatchObject({ method: 'rman' })
  })

  it('is told everything through its input, nothing on a command line that others could read', async () => {
    await startWith(writes)
    await chain.take('full')
    expect(told('environment').trim()).toBe(`${home()} shop1 0 C`)
    const commands = told('commands')
    expect(commands).toMatch(/^CONNECT TARGET "\/ as sysbackup";\nRUN \{/)
    expect(commands).toMatch(/BACKUP AS BACKUPSET FULL CHECK LOGICAL TAG '(FAILSAFE_\w+)' .* DATABASE;/)
    const [, tag] = /TAG '(\w+)' FORMAT/.exec(commands)!
    expect(commands).toContain(`CHANGE BACKUP TAG '${tag}' UNCATALOG;\nEXIT;`)
  })

  it('is gone on from by logs, and restored by RMAN alone', async () => {
    await startWith(writes)
    const { write } = writer(server)
    await chain.take('full')
    write()
    expect((await chain.take('log')).plan).toMatchObject({ kind: 'log', promoted: null })
    const report = await chain.report({ kind: 'latest' })
    const names = report.files!.map(({ name }) => name)
    expect(names).toEqual([
      'prepare.sh',
      'restore.rman',
      'restore-same-paths.rman',
      'init-restore.ora',
      'init-same-paths.ora',
    ])
    const script = report.files!.find(({ name }) => name === 'restore.rman')!.content
    const to = BigInt(chain.taken.at(-1)!.committed.units[0]!.to.at)
    expect(script).toContain(`SET UNTIL SCN ${to};`)
    expect(script).toMatch(/CATALOG START WITH '&1\.\/0001-full-\w+\/rman\/' NOPROMPT;/)
    expect(script.match(/SET NEWNAME FOR DATAFILE/g)).toHaveLength(4)
    expect(report.runbook).not.toContain('restore.sql')
  })

  it('holds no piece of a run that was killed, whose RMAN is still writing', async () => {
    await startWith(`${writes}; printf late > "$(echo "$format" | sed 's/-rman-.*/-rman-/')09_1_1"`)
    const { files } = await chain.take('full')
    const pieces = files.filter(({ role }) => role === 'data')
    expect(pieces.map(({ name }) => readFileSync(join(chain.directory, name), 'utf8'))).toEqual(['one', 'two'])
    expect(exchange()).toEqual([])
  })

  it('removes what a killed run has left of its own', async () => {
    await startWith(writes)
    await failureOf(
      chain.take('full', {
        killed: true,
        onChunk: () => {
          throw new Error('killed')
        },
      }),
    )
    expect(exchange()).not.toEqual([])
    await chain.take('full')
    expect(exchange()).toEqual([])
  })
})

describe('RMAN', () => {
  it('that complains and ends well is warned of', async () => {
    await startWith(
      `echo 'RMAN-06497: WARNING: control file is not current' ; echo 'RMAN-08591: WARNING: invalid archived log deletion policy'; printf x > "\${format}1"`,
    )
    const { warnings } = await chain.take('full')
    expect(warnings).toEqual(['rman-warning: RMAN-06497: WARNING: control file is not current'])
  })

  it('that ends with an error fails the run, with what it said; what it wrote is removed', async () => {
    await startWith(
      `printf x > "\${format}1"; echo 'RMAN-03009: failure of backup command'; echo 'ORA-19502: write error on file'; exit 1`,
    )
    expect(await failureOf(chain.take('full'))).toMatch(/^rman-failed: .*RMAN-03009.*ORA-19502/)
    expect(exchange()).toEqual([])
  })

  it('that writes nothing has not backed up anything', async () => {
    await startWith('true')
    expect(await failureOf(chain.take('full'))).toMatch(/^rman-failed: .*wrote nothing/)
  })

  it('that is not there is named', async () => {
    await startWith('true')
    await source({ method: 'rman', rman: { home: '/nowhere', sid: 'shop' } })
    expect(await failureOf(chain.take('full'))).toMatch(/^rman-missing: \/nowhere\/bin\/rman/)
  })

  it('is killed when the run is stopped', async () => {
    await startWith('sleep 60')
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('stopped')), 200)
    const began = performance.now()
    expect(await failureOf(chain.take('full', { signal: stop.signal }))).toContain('stopped')
    expect(performance.now() - began).toBeLessThan(5000)
    expect(active()).toEqual([])
  })
})
