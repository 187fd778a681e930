import type { RestoreInput } from '../../engine.ts'
import type { Contents, Database } from './contents.ts'
import { isBelow } from './places.ts'

const shown = 20

/** RESTORE.md: what is here, how failsafe restores it, and how it is done by hand. */
export function runbook(input: RestoreInput, contents: Contents): string {
  const { databases, extents, objects, removed } = contents
  const linked = databases.filter(({ path }) => !isBelow(path))
  return `# Restore of ${input.snapshots.at(-1)?.engineVersion ?? 'HCL Domino'}

${databases.length} databases, each as it was at one moment; ${extents.length} extents of the transaction log; ${objects.length} objects of the attachment store (DAOS).
Where there are several folders, the later one counts: a database, an object or an extent that is in two of them is taken from the last.

**Do not open these databases with Notes or Domino before they were recovered.** A copy that was opened cannot be rolled forward any more.

${list(databases.map(({ path, file, logged, firstExtent }) => `- ${code(path)}: ${code(file)}${logged ? `, needs the log from extent ${firstExtent} on` : ', not logged: as it was backed up'}`))}
${log(contents)}${section('Not on the server any more', 'They were removed there before the last of these snapshots was taken. They lie here all the same, as they were before; failsafe puts one back only where `--only` has its whole name.', removed)}${section('Elsewhere on the server', 'They lie outside of the data directory, where links lead to. failsafe puts them back where a link of the server leads there, so put the links (`.dir`, and `.nsf` that are text) back first. By hand: copy them there.', linked)}
## With failsafe, on the machine of the server

    failsafe restore … --apply --target 'domino:///local/notesdata/notes.ini?user=notes&overwrite=yes'

Each database is taken offline, what was there is kept beside it, the backup is put into its place and rolled forward to the newest state by the log, and brought
online. Without \`overwrite=yes\` a database that exists is left alone. A single database: \`--only data/mail/jdoe.nsf\`.

## One database by hand

1. \`drop all\` its users; \`dbcache flush\` on the console.
2. Rename the database that is there. Put the copy into its place under a name that is none of a database, then rename it.
3. Domino 12 and later: \`load restore\`, with its database \`dominobackup.nsf\`, knows only backups that its own task \`backup\` took. So let failsafe recover the copy (above); or
   start the server with the copy in its place: then it is used as it was backed up, and is not rolled forward.
4. Databases that are not logged need no step 3.

## The whole server is lost

1. Install the same release of Domino into the same directories, as the same user. Do not start it.
2. Put back ${code('notes.ini')} and the files of \`data/\` that are no databases, the ID files among them: attachments are encrypted with the keys of \`server.id\`.
3. Put the objects of \`daos/\` (and \`daos-later/\`) into the attachment store.
4. See that the log directory is there and empty; above all, that there is no \`nlogctrl.lfh\` in it.
5. Set \`TRANSLOG_Recreate_Logctrl=1\` in \`notes.ini\`; on another machine than before \`TRANSLOG_MEDIAONLY=1\` too.
6. \`failsafe restore … --apply\` as above: it puts the extents into the log directory and rolls the databases forward. By hand: copy the extents of \`log/\` there as
   \`S0000001.TXN\` and so on by their numbers (of a \`.partial\` only where there is no whole one), and the databases into the data directory, but those that were not on the server any more.
7. Start the server. On its console: \`tell daosmgr resync\`, and \`tell daosmgr listnlo MISSING <database>\` for each that has attachments.
8. Take a full backup at once: databases may have new identities in the log.

With a circular or linear log, or none, there are no extents here: put \`TRANSLOG_Path\` at an empty directory, put all databases back, and start the server.
Indexes (\`.ft\`, \`.ndx\`), \`daoscat.nsf\` and \`daos.cfg\` are in no backup; Domino makes them anew.
`
}

function log({ extents, databases }: Contents): string {
  if (extents.length === 0) return ''
  const [first, last] = [extents[0]!, extents.at(-1)!]
  const needed = Math.min(...databases.filter(({ logged }) => logged).map(({ firstExtent }) => firstExtent))
  const missing = needed < first.number ? ` **The databases need it from ${needed} on.**` : ''
  return `
The log ${code(first.logId)}: extents ${first.number} to ${last.number}${last.closed ? '' : ' (the last one as far as it was written)'}.${missing}
`
}

function section(title: string, words: string, databases: readonly Database[]): string {
  if (databases.length === 0) return ''
  const lines = databases.map(({ path, file }) => `- ${code(path)}: ${code(file)}`)
  return `\n## ${title}\n\n${words}\n\n${lines.join('\n')}\n`
}

function list(lines: string[]): string {
  const more = lines.length > shown ? `\n- and ${lines.length - shown} more` : ''
  return `${lines.slice(0, shown).join('\n')}${more}\n`
}

const code = (text: string) => `\`${text.replaceAll(/[`\r\n]/g, ' ')}\``
