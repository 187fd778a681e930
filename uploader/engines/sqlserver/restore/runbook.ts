import type { RestoreInput } from '../../engine.ts'
import { systemDatabases } from '../inventory.ts'
import { tailLog, written } from '../statements/restore.ts'
import type { Chain, Chains } from './chain.ts'

/** RESTORE.md: what is here, how it is restored with `restore.sql` or by hand, and what only a person can do. */
export function runbook(input: RestoreInput, { chains, without }: Chains): string {
  const own = chains.filter(({ database }) => !systemDatabases.includes(database))
  const system = chains.filter(({ database }) => systemDatabases.includes(database))
  return `# Restore of ${input.snapshots.at(-1)?.engineVersion ?? 'SQL Server'}

The files are backups as SQL Server wrote them. A server of the same release or a later one takes them, on Windows or Linux; none of an older release does.

${own.map(summary).join('\n')}
${without.map(({ database, reason }) => `- ${code(database)} cannot be restored with what is here: ${reason}`).join('\n')}${incomplete(input)}

## With failsafe

    failsafe restore … --apply --target 'sqlserver://sa:password@host:1433?suffix=_restored'

It refuses to replace a database unless the target says \`overwrite=yes\`. The server reads the files itself: if its account may not read this folder, \`directory=DIR\` names
one that both reach, and each file is copied there for as long as it is restored.

## By hand

    sqlcmd -S host -b -i restore.sql -v folder="$PWD"

\`folder\` is this folder as the server names it. The script has every statement in the right order and stops at the first error.

## Before a database is replaced

What its log holds since the last backup is lost with it, unless it is saved first. This takes the database out of use:

\`\`\`sql
${own.length === 0 ? '' : `${written(tailLog(own[0]!.database, 'tail.trn'))};`}
\`\`\`

A database of an availability group is removed from the group first, restored on the primary with the script, and added again; the secondaries are seeded anew.
${encrypted(own)}${filestream(own)}${clocks(chains)}${systemSection(system)}
## Afterwards

\`\`\`sql
${own.map(({ database }) => `DBCC CHECKDB (${written({ text: '@db', inputs: { db: { value: database, length: 128 } } })}) WITH NO_INFOMSGS;`).join('\n')}
\`\`\`

Logins are in \`master\`, not in the databases: on another server, make them with the same SIDs, or map users with \`ALTER USER … WITH LOGIN = …\`.
`
}

function summary({ database, steps, reached, stopAt }: Chain): string {
  const [full, ...others] = steps
  const logs = others.filter(({ entry }) => entry.kind === 'log').length
  const differential = others.length > logs ? ', a differential' : ''
  const stop = stopAt === null ? '' : ` (on the clock of its server: ${stopAt})`
  return `- ${code(database)}: full of ${full!.entry.covers.to}${differential}${logs === 0 ? '' : `, ${logs} logs`}; as it was at ${reached}${stop}`
}

/** What came of backups that failed while the server sent them. */
function incomplete({ files }: RestoreInput): string {
  const names = files.filter(({ attributes }) => attributes.incomplete === 'true').map(({ name }) => code(name))
  return names.length === 0 ? '' : `\n\n${names.join(', ')}: of no use, the backup failed on its way.`
}

function encrypted(chains: readonly Chain[]): string {
  const names = chains
    .filter(({ steps }) => steps[0]!.entry.info?.encrypted === 'true')
    .map(({ database }) => code(database))
  if (names.length === 0) return ''
  return `
${names.join(', ')}: encrypted (TDE). The server needs the certificate first: \`CREATE CERTIFICATE … FROM FILE = … WITH PRIVATE KEY (FILE = …, DECRYPTION BY PASSWORD = …)\` in \`master\`.
`
}

function filestream(chains: readonly Chain[]): string {
  const names = chains
    .filter(({ steps }) => steps[0]!.entry.info?.filestream === 'true')
    .map(({ database }) => code(database))
  return names.length === 0
    ? ''
    : `\n${names.join(', ')}: with FILESTREAM or memory-optimised data; a server that is to hold FILESTREAM needs it enabled.\n`
}

function clocks(chains: readonly Chain[]): string {
  const names = chains.filter(({ clockChanged }) => clockChanged).map(({ database }) => code(database))
  if (names.length === 0) return ''
  return `\n${names.join(', ')}: the clock of the server was changed within the last log. STOPAT is written on the clock after that; an hour that exists twice may mean the other one.\n`
}

function systemSection(chains: readonly Chain[]): string {
  if (chains.length === 0) return ''
  const files = chains.map(
    ({ database, steps }) =>
      `- ${code(database)}: ${steps.map(({ names }) => names.map(code).join(' with ')).join(', then ')}`,
  )
  return `
## The server's own databases

They are for a server that is rebuilt, of the very same version. Nothing here restores them by itself.

${files.join('\n')}

1. \`master\`: start the server in single-user mode (\`-m\`), \`RESTORE DATABASE master FROM DISK = N'…' WITH REPLACE\`; the server stops, and is started again without \`-m\`.
2. \`msdb\`: stop SQL Server Agent, then \`RESTORE DATABASE msdb FROM DISK = N'…' WITH REPLACE\`.
3. \`model\`: \`RESTORE DATABASE model FROM DISK = N'…' WITH REPLACE\`.
`
}

const code = (text: string) => `\`${text.replaceAll(/[`\r\n]/g, ' ')}\``
