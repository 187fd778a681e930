import type { RestoreInput } from '../../engine.ts'

/** RESTORE.md: how to load the files without this product. The patterns name each file once, in the order that works. */
export function runbook(input: RestoreInput): string {
  const snapshot = input.snapshots.at(-1)
  const covers = snapshot?.units[0]?.covers.to ?? 'unknown'
  const info = snapshot?.units[0]?.info ?? {}
  const position = info.logFile ? `${info.logFile}, offset ${info.logOffset}` : 'no binary log was written or readable'
  return `# Restore of ${snapshot?.engineVersion ?? 'MySQL'}

The files hold ${info.selection ? `what was chosen of the server (${info.selection})` : 'all databases'} as they were at ${covers} (server time, UTC).
Binary log position of that moment: ${position}.${info.gtid ? `\nGTID: ${info.gtid}` : ''}${info.replicaOf ? `\nThe server was a replica and had then carried out the logs of its source up to: ${info.replicaOf}` : ''}

## Into a server, with failsafe

    failsafe restore … --apply --target mysql://root:password@host:3306

It refuses a target that already has content in these databases, and loads several files at the same time.

## By hand, with the client of MySQL or MariaDB

The target should be empty, of the same version or later, and allow statements as long as the longest (the last line of each file
says its own): \`SET GLOBAL max_allowed_packet = 1073741824\`. In this directory, with a client that logs in as an
administrator (\`~/.my.cnf\`, or --host, --user and --password in \`client\`):

\`\`\`sh
client="mariadb --binary-mode --comments --default-character-set=utf8mb4 --max-allowed-packet=1G"   # or mysql …
load() { for file in "$@"; do [ ! -e "$file" ] || { echo "$file"; $client < "$file" || exit 1; }; done; }

load server/accounts.sql     # 1. accounts and roles; those that exist stay as they are
load server/objects.sql      # 2. tablespaces, loadable functions, definitions of other servers
load *-schema-create.sql     # 3. databases, with sequences (MariaDB) and libraries of routines (MySQL 9)
load *.*-schema.sql          # 4. tables
load *.*.[0-9][0-9][0-9][0-9][0-9]*.sql   # 5. rows; these may be loaded side by side
load *-schema-post.sql       # 6. functions, procedures, packages
load *-schema-view.sql       # 7. views
load *.[!~]*-schema-triggers.sql   # 8. triggers, after the rows so that they do not fire
load server/grants.sql       # 9. rights, roles held, default roles
load *.~events-schema-triggers.sql # 10. events, last of all: the scheduler may start them at once
\`\`\`

## By hand, with myloader

The files are named as mydumper names them. The target should have none of these databases, and run no events meanwhile (\`SET GLOBAL event_scheduler = OFF\`):

\`\`\`sh
load server/accounts.sql     # these two as above
load server/objects.sql
myloader --directory . --host 127.0.0.1 --user root --ask-password
load server/grants.sql
\`\`\`

Its exit code is not 0 if it could not load something, and it names the files: nothing of a file in which a line begins with \`DELIMITER\`, which the client loads afterwards.
${strangers(input)}
A file whose last line does not begin with \`-- failsafe: complete\` was cut off: restore it again.
`
}

/** Databases that myloader does not make: it takes their names from those of the files, and makes only those that have tables. */
function strangers(input: RestoreInput): string {
  const ofStage = (stage: string) => input.files.filter(({ attributes }) => attributes.stage === stage)
  const withTables = new Set(ofStage('tables').map(({ attributes }) => attributes.database))
  const names = ofStage('databases').flatMap(({ name, attributes: { database } }) => {
    const start = name.slice(0, -'-schema-create.sql'.length)
    return start === database && withTables.has(database) ? [] : `\`${start}\``
  })
  if (names.length === 0) return ''
  return `It cannot load the databases whose files begin with ${names.join(', ')}: drop what it made of them, and load their files with the client.\n`
}
