import type { RestoreInput } from '../../engine.ts'
import { programs } from './program.ts'
import { prepareArgs, streamsOf } from './streams.ts'

/** RESTORE.md: how to make a data directory of the files without this product. */
export function physicalRunbook(input: RestoreInput): string {
  const data = input.snapshots.findLast(({ kind }) => kind !== 'log')!
  const { covers, info = {} } = data.units[0]!
  const position = info.logFile ? `${info.logFile}, offset ${info.logOffset}` : 'no binary log was written or readable'
  return `# Restore of ${data.engineVersion}, as copies of its data files

The copy is of the moment ${covers.to} (server time, UTC). It was made with ${info.program}.
Binary log position of that moment: ${position}.${info.gtid ? `\nGTID: ${info.gtid}` : ''}
${steps(input)}`
}

function steps(input: RestoreInput): string {
  const streams = streamsOf(input)
  if (!streams)
    return `
Only a part of the files was restored. A copy of data files is of use as a whole: restore again without --only.
`
  const { flavour, full, differential } = streams
  const { backup, unpack, server } = programs[flavour]
  const service = flavour === 'mariadb' ? 'mariadb' : 'mysql'
  const unpacked = [`mkdir -p "$prepared"`, `${unpack} -x -C "$prepared" < '${full}'`]
  if (differential !== undefined)
    unpacked.push(`mkdir -p "$prepared.increment"`, `${unpack} -x -C "$prepared.increment" < '${differential}'`)
  const prepared = prepareArgs(streams, '"$prepared"', '"$prepared.increment"').map(
    args => `${backup} ${args.join(' ')}`,
  )
  return `
## Into a data directory, with failsafe

    failsafe restore … --apply --target file:///var/lib/mysql.restored

It unpacks and prepares the copy in that directory, which must be empty or not there yet. ${backup} and ${unpack} of the server's own version
must be installed on this machine.

## By hand

In this directory, with ${backup} and ${unpack} of the server's own version (${data(input)}). There must be room for all data files once more.

\`\`\`sh
set -e
prepared="\${prepared:-$PWD/prepared}"
# 1. unpack
${unpacked.join('\n')}
# 2. bring all files to one moment; each call must end with "completed OK!"
${prepared.join('\n')}
\`\`\`

The server must be stopped and its data directory empty (move what is there away, do not delete it). As root:

\`\`\`sh
systemctl stop ${service}
mv /var/lib/mysql /var/lib/mysql.before && mkdir /var/lib/mysql
${backup} --copy-back --target-dir="\${prepared:-$PWD/prepared}" --datadir=/var/lib/mysql
chown -R mysql:mysql /var/lib/mysql
systemctl start ${service}
\`\`\`

The server must be ${server} of the same version. Settings of its data files that are not the usual ones (innodb_page_size, innodb_data_file_path,
innodb_undo_tablespaces) must be as \`backup-my.cnf\` among the unpacked files says. Accounts and passwords are those of the backup.
`
}

function data({ snapshots }: RestoreInput): string {
  return snapshots.findLast(({ kind }) => kind !== 'log')!.engineVersion
}
