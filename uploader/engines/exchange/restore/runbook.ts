import { basename } from 'node:path/posix'
import type { RestoreInput } from '../../engine.ts'
import { hex } from '../ese/log-name.ts'
import { type LaidDatabase, type LaidOut, reachedBy } from './laid-out.ts'

/** RESTORE.md: what is here, and the commands of Windows and Exchange with the real names, numbers and paths. */
export function runbook(input: RestoreInput, { databases, without, systemState }: LaidOut): string {
  const full = input.snapshots.findLast(({ kind }) => kind === 'full')
  return `# Restore of ${full?.engineVersion ?? 'Exchange'}

The files are those of Exchange itself: databases (\`.edb\`) as they were in use, with the logs that make them whole. A database of a backup always says “Dirty Shutdown”
until its logs were played into it. It is opened by the same release of Exchange, with at least the same update.

${databases.map(summary).join('\n')}
${without.map(database => `- ${code(database)} cannot be restored with what is here: its database file was not chosen`).join('\n')}
${input.at === null ? '' : `\nExchange plays logs in as a whole: the state may be some minutes later than ${input.at}.\n`}
Nothing below touches a database that is in use, until you say so. All of it is for an elevated Exchange Management Shell, in this folder, with \`R:\\RDB\` as a new
directory on a volume that has room for the databases once more.
${systemState ? systemStateSection : ''}
## 1. Recover

With failsafe, on a machine with Exchange, which does just what is written below for every database:

    failsafe restore … --apply --target file:///R:/RDB

By hand:
${databases.map(recovery).join('')}
## 2. Mount as a recovery database

One recovery database can be mounted on a server at a time.
${databases.map(mounting).join('')}
## 3. Take mail out of it

\`\`\`powershell
Get-MailboxStatistics -Database RDB1 | Format-Table DisplayName, MailboxGuid, ItemCount
New-MailboxRestoreRequest -SourceDatabase RDB1 -SourceStoreMailbox <MailboxGuid> -TargetMailbox <user> -TargetRootFolder Restored -AllowLegacyDNMismatch
Get-MailboxRestoreRequest | Get-MailboxRestoreRequestStatistics
\`\`\`

When all requests are completed:

\`\`\`powershell
Get-MailboxRestoreRequest -Status Completed | Remove-MailboxRestoreRequest
Dismount-Database RDB1 -Confirm:$false; Remove-MailboxDatabase RDB1 -Confirm:$false
Remove-Item R:\\RDB -Recurse
\`\`\`

## In the place of the lost database

Only when the database itself is lost. In a DAG: suspend its copies first (\`Suspend-MailboxDatabaseCopy\`), restore on the server that has the active one, and seed the copies
anew afterwards (\`Update-MailboxDatabaseCopy -DeleteExistingFiles\`); a passive copy is never restored into.
${databases.map(inPlace).join('')}
## On another server, or with another name

Recover as in 1., then \`New-MailboxDatabase -Name NEW -Server SRV -EdbFilePath … -LogFolderPath …\`, \`Set-MailboxDatabase NEW -AllowFileRestore $true\`, put the recovered
\`.edb\` into its place, \`Mount-Database NEW\`, and \`Get-Mailbox -Database OLD | Set-Mailbox -Database NEW\`.

## When the whole server is lost

1. Install the same Windows under the same name${systemState ? ', and restore the System State (above)' : ' (no System State is in here)'}.
2. The computer account must be there in Active Directory, which is not in here unless this server was a domain controller: reset it (\`Reset-ComputerMachinePassword\`) and join.
3. Install the same release of Exchange: \`Setup /m:RecoverServer /IAcceptExchangeServerLicenseTerms_DiagnosticDataOFF\`.
4. Put each database into its place, as above.
`
}

const systemStateSection = `
## 0. System State

It is restored only where the server itself is lost, and before anything else. Copy \`system-state\\WindowsImageBackup\` to the root of a volume or a share (\`X:\\WindowsImageBackup\`):

\`\`\`bat
wbadmin get versions -backupTarget:X:
wbadmin start systemstaterecovery -version:<MM/DD/YYYY-HH:MM> -backupTarget:X: -quiet
\`\`\`

A domain controller has to be started in Directory Services Restore Mode for it.
`

function summary(database: LaidDatabase): string {
  const { logs, required } = database
  const range =
    logs.length === 0 ? 'no closed logs' : `logs ${hex(logs[0]!.generation)} to ${hex(logs.at(-1)!.generation)}`
  const needs = required.max > 0 ? `, of which it requires ${hex(required.min)} to ${hex(required.max)}` : ''
  return `- ${code(database.database)}: ${code(database.edb)}, ${range}${needs}; recovered to ${reachedBy(database)}`
}

function recovery(database: LaidDatabase): string {
  const { folder, edb, base, logs, current } = database
  const root = `R:\\RDB\\${folder}`
  const folders = [...new Set([...logs, ...(current ? [current] : [])].map(({ name }) => windows(name, true)))]
  return `
${code(database.database)}:

\`\`\`powershell
New-Item -ItemType Directory ${text(`${root}\\db`)}, ${text(`${root}\\log`)}
Copy-Item -LiteralPath ${text(windows(edb))} ${text(`${root}\\db`)}
${folders.map(each => `Copy-Item ${text(`${each}\\${base}*.log`)} ${text(`${root}\\log`)}`).join('\n')}
Set-Location ${text(`${root}\\log`)}
eseutil /r ${base} /l${text(`${root}\\log`)} /s${text(`${root}\\log`)} /d${text(`${root}\\db`)}
# Only if it ends with -528, -582 or -586 (there is no current log among closed ones): the same with /a
eseutil /mh ${text(`${root}\\db\\${basename(edb)}`)}    # must say: State: Clean Shutdown
\`\`\`
`
}

function mounting({ folder, edb, database }: LaidDatabase): string {
  const root = `R:\\RDB\\${folder}`
  return `
\`\`\`powershell
# ${database.replaceAll(/[\r\n]/g, ' ')}
New-MailboxDatabase -Recovery -Name RDB1 -Server $env:COMPUTERNAME -EdbFilePath ${text(`${root}\\db\\${basename(edb)}`)} -LogFolderPath ${text(`${root}\\log`)}
Mount-Database RDB1
\`\`\`
`
}

function inPlace({ database, folder, edb, original, base, logs }: LaidDatabase): string {
  const db = text(database)
  const next = logs.at(-1) ? ` (those from ${hex(logs.at(-1)!.generation + 1)} on)` : ''
  return `
\`\`\`powershell
# Where the live log folder goes on${next}, copy those logs to ${`R:\\RDB\\${folder}\\log`} before 1., and nothing is lost that came later.
Set-MailboxDatabase ${db} -AllowFileRestore $true
Dismount-Database ${db}
Move-Item ${text(original.edb)} ${text(`${original.edb}.before`)}
Move-Item ${text(`${original.logFolder}\\${base}*`)} <another folder>
Copy-Item ${text(`R:\\RDB\\${folder}\\db\\${basename(edb)}`)} ${text(original.edb)}
Mount-Database ${db}
\`\`\`
`
}

const code = (value: string) => `\`${value.replaceAll(/[`\r\n]/g, ' ')}\``

/** A text of PowerShell that is taken as it stands. */
const text = (value: string) => `'${value.replaceAll("'", "''").replaceAll(/[\r\n]/g, ' ')}'`

/** @param folder only the folder that it lies in */
function windows(name: string, folder = false): string {
  const parts = name.split('/')
  return `.\\${(folder ? parts.slice(0, -1) : parts).join('\\')}`
}
