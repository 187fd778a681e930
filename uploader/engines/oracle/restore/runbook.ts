import type { RestoreInput } from '../../engine.ts'
import type { RestoreFiles } from './files.ts'
import type { Reach } from './until.ts'

const code = (text: string) => `\`${text.replaceAll(/[`\r\n]/g, ' ')}\``

/** RESTORE.md: how the files become a database, with SQL*Plus or with RMAN, here or where they were. */
export function runbook(input: RestoreInput, files: RestoreFiles, reach: Reach, names: readonly string[]): string {
  const { description } = files
  const { until, reached } = reach
  const full = input.snapshots.findLast(({ kind }) => kind === 'full')!
  const first = full.units[0]?.info?.endScn
  const prepare = names.find(name => name.startsWith('prepare.'))!
  const place = names.find(name => name.startsWith('place.'))
  const held =
    files.pieces === undefined
      ? `${files.dataFiles.length} data files and ${files.logs.length} archived logs, all as the server wrote them`
      : `a backup of ${files.dataFiles.length} data files that RMAN wrote (${code(files.pieces)}), and ${files.logs.length} archived logs`
  const sqlplus = names.includes('restore.sql') ? '       sqlplus / as sysdba @restore.sql "$PWD"\n' : ''
  return `# Restore of ${input.snapshots.at(-1)!.engineVersion}

Database ${code(description.name)}, DBID ${description.id}: ${held}. ${stateOf(until, reached)}
${first === undefined || 'closed' in until ? '' : `\nNo state before SCN ${first} can be had of these files: until then they were in backup mode.\n`}${clock(reach)}
It needs Oracle software of the same release (${description.version}) and platform (${description.platform}), and nothing else running under the same ORACLE_SID or on the same files. Never run \`ALTER DATABASE END BACKUP\` on these files: recovery takes them out of backup mode.

## In this folder, on this machine or another one

The database runs on the files where they are: the folder is its home from then on. Make a copy of it first, or fetch it again if it has to be done twice.

1. Make the owner of the Oracle software the owner of the folder: \`chown -R oracle:oinstall "$PWD"\`.
2. \`sh ${prepare}\` (on Windows: \`prepare.cmd\`): it gathers the archived logs in \`all-logs\`, takes the control file ${code(files.controlFile)} and writes \`init.ora\`. Look through \`init.ora\`: memory, names of directories.
3. ${sqlplus === '' ? 'With' : 'One of these, with'} ORACLE_SID=${description.instance}:

${sqlplus}       rman target / cmdfile restore.rman using "$PWD"

It starts the instance, mounts the database, tells it where its files are, applies the redo and opens it with RESETLOGS.

## Where the files were

${
  files.pieces !== undefined
    ? `1. Shut the old database down and move its files away.
2. \`sh ${prepare}\`, then \`rman target / cmdfile restore-same-paths.rman using "$PWD"\``
    : place === undefined
      ? "The database had its files in ASM: use RMAN as above, then `BACKUP AS COPY DATABASE FORMAT '+DATA'` and `SWITCH DATABASE TO COPY`."
      : `1. Shut the old database down and move its files away; save its online redo logs, if they are there still: what was not archived is in them alone.
2. \`sh ${prepare}\`, then \`sh ${place}\`: it copies ${files.dataFiles.length} data files and the control file to their old places and writes over nothing.
3. \`sqlplus / as sysdba @restore-same-paths.sql "$PWD"\``
}

## When it stops

| error | means |
|---|---|
| ORA-01194, ORA-01195, ORA-01152 | the moment lies before the end of backup mode: take a later one, or an earlier full |
| ORA-00308, ORA-00279 | an archived log is not in \`all-logs\`, or its name is not what \`log_archive_format\` says |
| ORA-01244, ORA-01110 (UNNAMED) | a data file was made while the control file was copied: \`ALTER DATABASE CREATE DATAFILE 'UNNAMEDn' AS 'path'\`, and RECOVER once more |
| ORA-01103 | ORACLE_SID or \`db_name\` in \`init.ora\` is of another database |
| ORA-28365, ORA-28374 | the keystore (TDE) is missing: it is in no backup, put your copy of it in its place |

If no control file can be used: ${code(files.controlFile.replace(/\.ctl$/, '.sql'))} has the statements that make one; take its RESETLOGS part, then RECOVER.

## Afterwards

- The password file is made anew: \`orapwd file=$ORACLE_HOME/dbs/orapw$ORACLE_SID\`, unless it was backed up (\`also/\`).
- \`CREATE SPFILE FROM PFILE='…/init.ora'\`.
- The next run of failsafe is a full: OPEN RESETLOGS began a new history.
- To be sure: \`RMAN> VALIDATE CHECK LOGICAL DATABASE;\`
${made(files)}`
}

function stateOf(until: Reach['until'], reached: string): string {
  if ('closed' in until)
    return `They were copied while it was closed, at ${reached}, and need no redo: it kept no archived logs, and there is no other state of it.`
  const stop = 'scn' in until ? `before SCN ${until.scn}` : `before ${until.clock} on the clock of its server`
  return `Recovered ${stop}, they are the state of ${reached}.`
}

function clock({ clockChanged }: Reach): string {
  if (!clockChanged) return ''
  return `
The clock of the server was changed (summer time) within the very log that this moment lies in: an hour that exists twice may mean the other one. Choose the state by SCN instead (\`--before SCN\`) where that matters.
`
}

function made({ created }: RestoreFiles): string {
  if (created.length === 0) return ''
  return `\nMade since the full, so that they come from the redo alone: ${created.map(({ path }) => code(path)).join(', ')}.\n`
}

/** Not all that makes a database was chosen. */
export function partRunbook(input: RestoreInput, missing: readonly string[]): string {
  return `# A part of ${input.snapshots.at(-1)?.engineVersion ?? 'an Oracle database'}

These files were chosen from a backup; they do not make a database. Missing: ${missing.slice(0, 20).map(code).join(', ')}${missing.length > 20 ? ', …' : ''}.

A single data file can take the place of a damaged one in the database that it is of, with the archived logs since:
\`ALTER DATABASE DATAFILE n OFFLINE\`, put it in its place, \`RECOVER DATAFILE n\`, \`ALTER DATABASE DATAFILE n ONLINE\`.
`
}
