import { win32 } from 'node:path'
import { quoteName, quoteText } from '../statements/quote.ts'
import type { RestoreFiles } from './files.ts'
import type { Until } from './until.ts'

const windows = (files: RestoreFiles) => /windows/i.test(files.description.platform)

/** The scripts that recover the database in the folder of the files, and those that do it where the files were. */
export function scriptsOf(files: RestoreFiles, until: Until): { name: string; content: string }[] {
  if (files.pieces !== undefined)
    return [
      { name: 'restore.rman', content: rmanFromPieces(files, until, true) },
      { name: 'restore-same-paths.rman', content: rmanFromPieces(files, until, false) },
    ]
  return [
    { name: 'restore.sql', content: sqlplus(files, until, true) },
    { name: 'restore-same-paths.sql', content: sqlplus(files, until, false) },
    { name: 'restore.rman', content: rman(files, until) },
  ]
}

function rmanHead(name: string): string {
  return `# As the owner of the Oracle software, with ORACLE_SID set:  rman target / cmdfile ${name} using FOLDER
# FOLDER is the full path of the folder that this script lies in. RESTORE.md says what comes before.`
}

function rmanFromPieces(files: RestoreFiles, until: Until, here: boolean): string {
  const inFolder = (name: string) => `'&1.${separator(files)}${native(files, name).replaceAll("'", "''")}'`
  const { dataFiles, description } = files
  const newNames = here
    ? dataFiles.map(({ number, name }) => `  SET NEWNAME FOR DATAFILE ${number} TO ${inFolder(name)};\n`).join('')
    : ''
  const redo = here
    ? description.redoFiles
        .map(({ path }, i) => `ALTER DATABASE RENAME FILE ${quoteText(path)} TO ${inFolder(`redo${i + 1}.log`)};\n`)
        .join('')
    : ''
  return `${rmanHead(here ? 'restore.rman' : 'restore-same-paths.rman')}
STARTUP NOMOUNT PFILE=${inFolder(here ? 'init.ora' : 'init-same-paths.ora')};
${here ? '' : `RESTORE CONTROLFILE FROM ${inFolder('control.ctl')};\n`}ALTER DATABASE MOUNT;
CATALOG START WITH ${inFolder(`${files.pieces}/`)} NOPROMPT;
CATALOG START WITH ${inFolder('all-logs/')} NOPROMPT;
RUN {
${untilRman(until)}${newNames}  RESTORE DATABASE;
${here ? '  SWITCH DATAFILE ALL;\n' : ''}  ${recoverRman(until)}
}
${redo}ALTER DATABASE OPEN RESETLOGS;
`
}

function sqlplus(files: RestoreFiles, until: Until, here: boolean): string {
  const mark = markFor(files)
  const inFolder = (name: string) => `'${mark}folder.${separator(files)}${native(files, name).replaceAll("'", "''")}'`
  const { description } = files
  const { dataFiles: copied, created } = files
  const script = here ? 'restore.sql' : 'restore-same-paths.sql'
  const renames = here
    ? [
        ...copied.map(({ path, name }) => `ALTER DATABASE RENAME FILE ${quoteText(path)} TO ${inFolder(name)};`),
        ...created.map(({ path, name }) => `ALTER DATABASE CREATE DATAFILE ${quoteText(path)} AS ${inFolder(name)};`),
        ...description.redoFiles.map(
          ({ path }, i) => `ALTER DATABASE RENAME FILE ${quoteText(path)} TO ${inFolder(`redo${i + 1}.log`)};`,
        ),
      ]
    : created.map(({ path }) => `ALTER DATABASE CREATE DATAFILE ${quoteText(path)} AS ${quoteText(path)};`)
  return `-- As the owner of the Oracle software, with ORACLE_SID set:  sqlplus / as sysdba @${script} FOLDER
-- FOLDER is the full path of the folder that this script lies in. RESTORE.md says what comes before.
SET VERIFY OFF
SET DEFINE '${mark}'
DEFINE folder = '${mark}1'
WHENEVER OSERROR EXIT FAILURE
WHENEVER SQLERROR EXIT FAILURE
STARTUP NOMOUNT PFILE=${inFolder(here ? 'init.ora' : 'init-same-paths.ora')}
ALTER DATABASE MOUNT;
${renames.join('\n')}
${recoverSqlplus(until, inFolder('all-logs'))}
ALTER DATABASE OPEN RESETLOGS;
${description.hasContainers ? 'ALTER PLUGGABLE DATABASE ALL OPEN;\n' : ''}${temporary(files, here ? inFolder : undefined)}`
}

/** Temporary files are in no backup: they hold nothing that lasts. */
function temporary(files: RestoreFiles, inFolder: ((name: string) => string) | undefined): string {
  let container = ''
  const lines: string[] = []
  for (const [i, file] of files.description.tempFiles.entries()) {
    if (file.container === 'PDB$SEED') continue
    if (file.container !== container && file.container !== '')
      lines.push(`ALTER SESSION SET CONTAINER = ${quoteName(file.container)};`)
    container = file.container
    const place = inFolder ? inFolder(`temp${i + 1}.dbf`) : quoteText(file.path)
    const size = Math.max(1, Math.ceil(file.bytes / 1024 ** 2))
    lines.push(
      `ALTER TABLESPACE ${quoteName(file.tablespace)} ADD TEMPFILE ${place} SIZE ${size}M REUSE AUTOEXTEND ON;`,
    )
  }
  const careful = 'WHENEVER SQLERROR CONTINUE'
  return lines.length === 0
    ? ''
    : `-- A temporary file may be there again by itself.\n${careful}\n${lines.join('\n')}\n`
}

function rman(files: RestoreFiles, until: Until): string {
  const inFolder = (name: string) => `'&1.${separator(files)}${native(files, name).replaceAll("'", "''")}'`
  const { dataFiles: copied, created, description } = files
  return `${rmanHead('restore.rman')}
STARTUP NOMOUNT PFILE=${inFolder('init.ora')};
ALTER DATABASE MOUNT;
CATALOG START WITH ${inFolder('all-logs/')} NOPROMPT;
${copied.map(({ name }) => `CATALOG DATAFILECOPY ${inFolder(name)};`).join('\n')}
RUN {
${untilRman(until)}${created.map(({ number, name }) => `  SET NEWNAME FOR DATAFILE ${number} TO ${inFolder(name)};\n  RESTORE DATAFILE ${number};`).join('\n')}
${copied.map(({ number, name }) => `  SWITCH DATAFILE ${number} TO DATAFILECOPY ${inFolder(name)};`).join('\n')}
${created.map(({ number }) => `  SWITCH DATAFILE ${number};`).join('\n')}
  ${recoverRman(until)}
}
${description.redoFiles.map(({ path }, i) => `ALTER DATABASE RENAME FILE ${quoteText(path)} TO ${inFolder(`redo${i + 1}.log`)};`).join('\n')}
ALTER DATABASE OPEN RESETLOGS;
`
}

/**
 * By the statement and not by SQL*Plus' own RECOVER, whose errors `WHENEVER SQLERROR` does not speak of: a recovery that ends before its time must not be
 * followed by OPEN RESETLOGS. Files that were closed cleanly need no redo: recovery is only begun, which asks for the next log (ORA-00279), and left.
 */
function recoverSqlplus(until: Until, logs: string): string {
  if ('closed' in until)
    return `WHENEVER SQLERROR CONTINUE
ALTER DATABASE RECOVER DATABASE UNTIL CANCEL USING BACKUP CONTROLFILE;
ALTER DATABASE RECOVER CANCEL;
WHENEVER SQLERROR EXIT FAILURE`
  const stop = 'scn' in until ? `CHANGE ${until.scn}` : `TIME '${until.clock.replace('T', ':')}'`
  return `ALTER DATABASE RECOVER AUTOMATIC FROM ${logs} DATABASE UNTIL ${stop} USING BACKUP CONTROLFILE;`
}

function untilRman(until: Until): string {
  if ('closed' in until) return ''
  if ('scn' in until) return `  SET UNTIL SCN ${until.scn};\n`
  return `  SET UNTIL TIME "TO_DATE('${until.clock.replace('T', ' ')}','YYYY-MM-DD HH24:MI:SS')";\n`
}

const recoverRman = (until: Until) => ('closed' in until ? 'RECOVER DATABASE NOREDO;' : 'RECOVER DATABASE;')

const separator = (files: RestoreFiles) => (windows(files) ? '\\' : '/')
const native = (files: RestoreFiles, name: string) => (windows(files) ? name.replaceAll('/', '\\') : name)

/** What SQL*Plus is told to read as the beginning of a variable: nothing that a path has in it. */
function markFor({ dataFiles, created, description }: RestoreFiles): string {
  const all = [...dataFiles, ...created].flatMap(({ path, name }) => [path, name])
  const text = [...all, ...description.redoFiles.map(({ path }) => path)].join('')
  return ['&', '^', '~', '%', '!', '|'].find(each => !text.includes(each)) ?? '&'
}

/** Parameters of the database that runs in the folder: @FOLDER@ stands for its path. Of two lines for one parameter the later one counts. */
export function parametersHere(files: RestoreFiles, original: string): string {
  const at = (name: string) => `'@FOLDER@${separator(files)}${name}'`
  return `${withEnd(original)}# What is otherwise in this folder:
*.control_files=${at('control.ctl')}
*.log_archive_format='%t_%s_%r.arc'
*.log_archive_dest_1='LOCATION=@FOLDER@${separator(files)}archive'
*.log_archive_dest_2=''
*.db_recovery_file_dest=''
*.audit_file_dest=${at('audit')}
*.diagnostic_dest='@FOLDER@'
*.cluster_database=FALSE
*.local_listener=''
*.remote_listener=''
`
}

/** Parameters of a database whose files are where they were: logs that are applied have the names of the backup. */
export function parametersSamePaths(original: string): string {
  return `${withEnd(original)}*.log_archive_format='%t_%s_%r.arc'\n`
}

const withEnd = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)

/** `prepare.sh`: what SQL*Plus and RMAN find in the folder. */
export function prepareScript(files: RestoreFiles): { name: string; content: string } {
  if (windows(files)) return { name: 'prepare.cmd', content: prepareCmd(files) }
  const copy = (from: string, to: string) => `cp ${shell(from)} ${to}`
  return {
    name: 'prepare.sh',
    content: `#!/bin/sh
# In the folder that this script lies in, as the owner of the Oracle software.
set -eu
cd "$(dirname "$0")"
mkdir -p all-logs archive audit datafiles
${files.logs.map(name => copy(name, 'all-logs/')).join('\n')}
${copy(files.controlFile, 'control.ctl.new')}
mv control.ctl.new control.ctl
folder=$(printf '%s' "$PWD" | sed 's/[&|\\\\]/\\\\&/g')
sed "s|@FOLDER@|$folder|g" init-restore.ora > init.ora
`,
  }
}

function prepareCmd(files: RestoreFiles): string {
  const quoted = (name: string) => `"${name.replaceAll('/', '\\').replaceAll('%', '%%')}"`
  const lines = [
    '@echo off',
    'rem In the folder that this script lies in, as the owner of the Oracle software.',
    'cd /d "%~dp0"',
    'mkdir all-logs archive audit datafiles 2>nul',
    ...files.logs.map(name => `copy /y ${quoted(name)} all-logs\\ >nul || exit /b 1`),
    `copy /y ${quoted(files.controlFile)} control.ctl.new >nul || exit /b 1`,
    'move /y control.ctl.new control.ctl >nul || exit /b 1',
    `powershell -NoProfile -Command "(Get-Content init-restore.ora).Replace('@FOLDER@',(Get-Location).Path) | Set-Content init.ora" || exit /b 1`,
  ]
  return `${lines.join('\r\n')}\r\n`
}

/** `place.sh`: puts the files where the database had them. Nothing that is there is written over. */
export function placeScript(files: RestoreFiles): { name: string; content: string } | undefined {
  const { dataFiles, controlFile, description, pieces } = files
  if (pieces !== undefined || dataFiles.some(({ path }) => path.startsWith('+'))) return undefined
  const pairs = [
    ...dataFiles.map(({ name, path }) => [name, path] as const),
    ...description.controlFiles.map(path => [controlFile, path] as const),
  ]
  if (windows(files)) {
    const quoted = (name: string) => `"${name.replaceAll('%', '%%')}"`
    const lines = [
      '@echo off',
      'cd /d "%~dp0"',
      ...pairs.flatMap(([from, to]) => [
        `if exist ${quoted(to)} (echo ${quoted(to)} exists & exit /b 1)`,
        `if not exist ${quoted(`${win32.dirname(to)}\\`)} mkdir ${quoted(win32.dirname(to))} || exit /b 1`,
        `copy ${quoted(from.replaceAll('/', '\\'))} ${quoted(to)} >nul || exit /b 1`,
      ]),
    ]
    return { name: 'place.cmd', content: `${lines.join('\r\n')}\r\n` }
  }
  const lines = pairs.map(([from, to]) => `place ${shell(from)} ${shell(to)}`)
  return {
    name: 'place.sh',
    content: `#!/bin/sh
# Puts the files where the database had them, as the owner of the Oracle software. Move away first what lies there.
set -eu
cd "$(dirname "$0")"
place() {
  [ ! -e "$2" ] || { echo "$2 exists: nothing is written over" >&2; exit 1; }
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2"
}
${lines.join('\n')}
`,
  }
}

const shell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
