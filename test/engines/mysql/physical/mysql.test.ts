import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { placeOf } from '../../../../scripts/setup/servers.ts'
import { mysql } from '../../../../uploader/engines/mysql/engine.ts'
import { type Database, startDatabase } from '../../../support/database.ts'
import { BackupChain } from '../chain.ts'
import { never, physicalSettings, script, temporary, usePrograms } from './support.ts'

/**
 * There is no xtrabackup in Debian. These stand-ins speak its documented interface, so that what is tested here is our side of it: the arguments, the
 * option file, the notes and the order of the calls.
 */
const xtrabackup = (folder: string) => `
if [ "$1" = --version ]; then echo "xtrabackup version 9.7.0-1 based on MySQL server 9.7.0 Linux (x86_64) (revision id: 1)" >&2; exit 0; fi
echo "$*" >> ${folder}/calls
case "$*" in
*--prepare*) echo "completed OK!" >&2; exit 0;;
esac
cp "\${1#--defaults-file=}" ${folder}/options
for argument in "$@"; do case $argument in --extra-lsndir=*) notes=\${argument#*=};; esac; done
printf 'backup_type = full-backuped\\nfrom_lsn = 0\\nto_lsn = 1\\nlast_lsn = 1\\n' > "$notes/xtrabackup_checkpoints"
status=$(mysql --defaults-file=${folder}/options -N -e 'SHOW BINARY LOG STATUS')
printf "binlog_pos = filename '%s', position '%s'\\n" $(echo "$status" | cut -f1,2) > "$notes/xtrabackup_info"
echo "Selecting LSN and binary log position from p_s.log_status" >&2
echo pages
echo "completed OK!" >&2`

let server: Database
beforeAll(async () => {
  server = await startDatabase({ release: 'mysql-9.7', options: { log_bin: 'binlog' } })
})
afterAll(() => server?.stop())

test('the documented interface of xtrabackup: full, differential, logs and their preparation', async () => {
  await using folder = await temporary()
  await script(folder.path, 'xtrabackup', xtrabackup(folder.path))
  await script(folder.path, 'xbstream', `echo "unpack $*" >> ${folder.path}/calls; cat > "$3/ibdata1"`)
  using _ = usePrograms(folder.path, placeOf('mysql-9.7').bin)
  await using chain = await BackupChain.of(physicalSettings(server))
  const full = await chain.take('full')
  expect(full.files.map(({ name }) => name.split('/')[1])).toEqual([
    'backup.xbstream',
    'xtrabackup_checkpoints',
    'xtrabackup_info',
  ])
  expect(await readFile(join(folder.path, 'options'), 'utf8')).toBe(
    `[client]\nuser="root"\nhost="127.0.0.1"\nport="${server.port}"\n`,
  )
  await server.execute('CREATE DATABASE d')
  expect((await chain.take('differential')).plan.kind).toBe('differential')
  expect((await chain.take('log')).plan.kind).toBe('log')
  const target = join(folder.path, 'target')
  await mkdir(target)
  const { notes } = await mysql.restore(
    { ...chain.input({ kind: 'latest' }), apply: { target: `file://${target}` } },
    { signal: never(), concurrency: 1, warn: () => {}, progress: () => {}, now: () => new Date() },
  )
  expect(notes.join()).toContain('start MySQL with datadir')
  const calls = (await readFile(join(folder.path, 'calls'), 'utf8')).trim().split('\n')
  const partial = /--target-dir=(\S+)\/files/.exec(calls.at(-1)!)![1]!
  expect(calls.map(call => call.replaceAll(chain.scratch, 'SCRATCH').replaceAll(partial, 'PARTIAL'))).toEqual([
    '--defaults-file=SCRATCH/login.cnf --backup --stream=xbstream --parallel=2 --target-dir=SCRATCH --extra-lsndir=SCRATCH',
    '--defaults-file=SCRATCH/login.cnf --backup --stream=xbstream --parallel=2 --target-dir=SCRATCH --extra-lsndir=SCRATCH --incremental-lsn=1',
    'unpack -x -C PARTIAL/files',
    'unpack -x -C PARTIAL/increment',
    '--prepare --target-dir=PARTIAL/files --apply-log-only',
    '--prepare --target-dir=PARTIAL/files --incremental-dir=PARTIAL/increment',
  ])
})
