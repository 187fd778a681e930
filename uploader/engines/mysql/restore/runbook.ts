import type { RestoreInput } from '../../engine.ts'

/** RESTORE.md: how to load the files without this product. The patterns name each file once, in the order that works. */
export function runbook(input: RestoreInput): string {
  const snapshot = input.snapshots.at(-1)
  const covers = snapshot?.units[0]?.covers.to ?? 'unknown'
  const info = snapshot?.units[0]?.info ?? {}
  const position = info.logFile ? `${info.logFile}, offset ${info.logOffset}` : 'no binary log was written or readable'
  return `# Restore of ${snapshot?.engineVersion ?? 'MySQL'}

The files hold all databases as they were at ${covers} (server time, UTC).
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

load accounts.sql            # 1. accounts and roles; those that exist stay as they are
load server.sql              # 2. tablespaces, loadable functions, definitions of other servers
load */schema.sql            # 3. databases
load */sequences.sql         # 4. sequences (MariaDB)
load */*.schema.sql          # 5. tables
load */views-first.sql       # 6. stand-ins for views
load */*.[0-9][0-9][0-9][0-9][0-9].sql   # 7. rows; these may be loaded side by side
load */libraries.sql         # 8. libraries of routines (MySQL 9)
load */routines.sql          # 9. functions, procedures, packages
${views(input)}
load */*.triggers.sql        # 11. triggers, after the rows so that they do not fire
load grants.sql              # 12. rights, roles held, default roles
load */events.sql            # 13. events, last of all: the scheduler may start them at once
\`\`\`

A file whose last line does not begin with \`-- failsafe: complete\` was cut off: restore it again.
`
}

/** One after the other by name, because a view may need one of another database. */
function views(input: RestoreInput): string {
  const files = input.files.filter(({ attributes }) => attributes.stage === 'views').map(({ name }) => `load '${name}'`)
  return ['# 10. views, in this order', ...files].join('\n')
}
