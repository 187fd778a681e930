import type { RestoreInput } from '../../engine.ts'
import type { Replay } from './scan.ts'

/** The full backup of a chain by itself, its files named as they are in their own folder. */
export function fullAlone(input: RestoreInput): { input: RestoreInput; folder: string } {
  const files = input.files.filter(({ role }) => role !== 'log')
  const folder = input.snapshots.length > 1 && files[0] ? `${files[0].name.split('/')[0]}/` : ''
  return {
    folder,
    input: {
      ...input,
      snapshots: input.snapshots.filter(({ kind }) => kind === 'full'),
      files: files.map(file => ({ ...file, name: file.name.slice(folder.length) })),
    },
  }
}

interface Words {
  above: string
  how: string
  isPart: boolean
}

/**
 * How the logs are replayed with the programs of the server: one call for all files, from and to exact positions.
 * @param words `above`: what was done before; `how`: with what, or where; `isPart`: whether the logs hold changes of what is not restored
 */
export function replayRunbook(replay: Replay, mariadb: boolean, words: Words): string {
  const { files, last, next } = replay
  if (files.length === 0) return ''
  const program = mariadb ? 'mariadb-binlog' : 'mysqlbinlog --skip-gtids'
  const client = mariadb ? 'mariadb' : 'mysql'
  const [first, end] = [files[0]!, files.at(-1)!]
  return `
## The binary logs, after that

${words.above} What was committed since the moment above is in the binary logs, byte for byte as the server
wrote them.

${
  last
    ? `Last transaction that is in: ends at ${last.file}:${last.offset}, committed at ${last.time} (UTC)${last.gtid ? `, ${last.gtid}` : ''}.`
    : 'No transaction of the logs is in: there is nothing more to do.'
}
${next ? `First transaction that is not: begins at ${next.file}:${next.offset}, at ${next.time} (UTC)${next.gtid ? `, ${next.gtid}` : ''}.` : 'Nothing that was backed up is left out.'}

${words.how}, all files in one call, with the programs of the server's own version or a later one. The positions are exact; times need not be given, and the time zone of this
computer does not matter:

\`\`\`sh
binlog="${program}"
client="${client} --binary-mode --max-allowed-packet=1G"
$binlog --start-position=${first.from} --stop-position=${end.until} \\
${files.map(({ file }) => `  '${file}'`).join(' \\\n')} | $client
\`\`\`

${words.isPart ? note : ''}Events of the target's scheduler should not run meanwhile: \`SET GLOBAL event_scheduler = OFF\`.
`
}

const note = `The logs hold the changes of all databases, the files beside them only what was chosen. With \`--apply\` failsafe leaves out what does not belong to it. These programs cannot
tell tables apart: add \`--database=NAME\` for each database in turn, and expect errors for tables that are not there.

`
