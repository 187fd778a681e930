import type { LinkInfo, PlannedSnapshot } from '../receiver/answers.ts'

/** One thing to do once the files are there; `code` can be copied and run in the directory of the restore. */
export interface Step {
  kind: 'prepare-target' | 'load' | 'logs' | 'unpack' | 'bring-together' | 'copy-back' | 'own-tools' | 'check'
  code?: string
}

export interface ToRestore {
  engine: LinkInfo['engine']
  /** null: the state of the newest snapshot. */
  at: string | null
  snapshots: Pick<PlannedSnapshot, 'kind' | 'engineVersion' | 'units'>[]
  /** Copies of data files, not SQL; unknown until a snapshot or the files say it. */
  physical: boolean
  /** Paths below the directory; null before the backup is opened, as names are sealed. */
  files: { file: string; role: string; size: number }[] | null
}

/** What to do with the files of this very restore, in order. */
export function stepsAfter(restore: ToRestore): Step[] {
  if (restore.engine !== 'mysql') return [{ kind: 'prepare-target' }, { kind: 'own-tools' }, { kind: 'check' }]
  const data = restore.physical ? physicalSteps(restore) : logicalSteps(restore)
  return [{ kind: 'prepare-target' }, ...data, ...logSteps(restore), { kind: 'check' }]
}

/** `0001-full`, as a restore of several snapshots is laid out; `.` for a single one. */
function folderOf({ snapshots }: ToRestore, i: number): string {
  return snapshots.length === 1 ? '.' : `${String(i + 1).padStart(4, '0')}-${snapshots[i]!.kind}`
}

function isMariadb({ snapshots }: ToRestore): boolean {
  return /mariadb/i.test(snapshots[0]?.engineVersion ?? 'mariadb')
}

/** The patterns name each file once, in the order that works; they are those of the RESTORE.md that the program writes. */
function logicalSteps(restore: ToRestore): Step[] {
  const full = Math.max(
    0,
    restore.snapshots.findLastIndex(({ kind }) => kind !== 'log'),
  )
  const client = isMariadb(restore) ? 'mariadb' : 'mysql'
  const code = `cd ${folderOf(restore, full)}
client="${client} --binary-mode --comments --default-character-set=utf8mb4 --max-allowed-packet=1G"
load() { for file in "$@"; do [ ! -e "$file" ] || { echo "$file"; $client < "$file" || exit 1; }; done; }
load server/accounts.sql
load server/objects.sql
load *-schema-create.sql
load *.*-schema.sql
load *.*.[0-9][0-9][0-9][0-9][0-9]*.sql
load *-schema-post.sql
load *-schema-view.sql
load *.[!~]*-schema-triggers.sql
load server/grants.sql
load *.~events-schema-triggers.sql`
  return [{ kind: 'load', code }]
}

function physicalSteps(restore: ToRestore): Step[] {
  const mariadb = isMariadb(restore)
  const [backup, unpack] = mariadb ? ['mariadb-backup', 'mbstream'] : ['xtrabackup', 'xbstream']
  const stream = `backup.${unpack}`
  const full = restore.snapshots.findIndex(({ kind }) => kind === 'full')
  const differential = restore.snapshots.findLastIndex(({ kind }) => kind === 'differential')
  const hasDifferential = differential > full
  const base = mariadb || !hasDifferential ? '' : ' --apply-log-only'
  const unpacked = [`mkdir prepared && ${unpack} -x -C prepared < ${folderOf(restore, Math.max(full, 0))}/${stream}`]
  const together = [`${backup} --prepare${base} --target-dir=prepared`]
  if (hasDifferential) {
    unpacked.push(`mkdir increment && ${unpack} -x -C increment < ${folderOf(restore, differential)}/${stream}`)
    together.push(`${backup} --prepare --target-dir=prepared --incremental-dir=increment`)
  }
  const service = mariadb ? 'mariadb' : 'mysql'
  return [
    { kind: 'unpack', code: unpacked.join('\n') },
    { kind: 'bring-together', code: together.join('\n') },
    {
      kind: 'copy-back',
      code: `systemctl stop ${service}
mv /var/lib/mysql /var/lib/mysql.before && mkdir /var/lib/mysql
${backup} --copy-back --target-dir=prepared --datadir=/var/lib/mysql
chown -R mysql:mysql /var/lib/mysql
systemctl start ${service}`,
    },
  ]
}

/**
 * All logs in one call, from where the full ends to the moment. The programs stop at whole seconds: the second of the moment is in. Without names
 * of files there is no command yet.
 */
function logSteps(restore: ToRestore): Step[] {
  const { snapshots, files, at } = restore
  const data = snapshots.findLast(({ kind }) => kind !== 'log')
  if (!data || snapshots.at(-1)!.kind !== 'log') return []
  const start = data.units[0]?.to.at.match(/^0*(\d+):0*(\d+)$/)
  const logs = start ? logsFrom(files ?? [], Number(start[1])) : []
  if (!start || logs.length === 0) return [{ kind: 'logs' }]
  const binlog = isMariadb(restore) ? 'mariadb-binlog' : 'mysqlbinlog --skip-gtids'
  const client = isMariadb(restore) ? 'mariadb' : 'mysql'
  const stop = at === null ? '' : ` --stop-datetime='${secondAfter(at)}'`
  const named = logs.map(file => `  '${file.replaceAll("'", "'\\''")}'`).join(' \\\n')
  const code = `TZ=UTC ${binlog} --start-position=${Math.max(4, Number(start[2]))}${stop} \\
${named} | ${client} --binary-mode --max-allowed-packet=1G`
  return [{ kind: 'logs', code: snapshots.length === 1 ? code : `# in the directory above the folders\n${code}` }]
}

/** One that was still written to when it was first backed up is there more than once: the longest holds the others. */
function logsFrom(files: NonNullable<ToRestore['files']>, first: number): string[] {
  const longest = new Map<number, { file: string; size: number }>()
  for (const { file, role, size } of files) {
    const number = Number(file.match(/\.(\d+)$/)?.[1] ?? -1)
    if (role === 'log' && number >= first && size > (longest.get(number)?.size ?? -1))
      longest.set(number, { file, size })
  }
  return [...longest].sort(([a], [b]) => a - b).map(([, { file }]) => file)
}

/** `2026-11-05 13:10:01`, in UTC */
function secondAfter(instant: string): string {
  const next = (Math.floor(Date.parse(instant) / 1000) + 1) * 1000
  return new Date(next).toISOString().slice(0, 19).replace('T', ' ')
}
