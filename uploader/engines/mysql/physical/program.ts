import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Failure, messageOf } from '../../../../shared/failure.ts'
import type { Flavour } from '../inventory.ts'
import { releaseOf } from '../release.ts'

/** The backup program of a server's vendor, and what unpacks its stream. */
export const programs = {
  mariadb: {
    server: 'MariaDB',
    backup: 'mariadb-backup',
    unpack: 'mbstream',
    stream: 'backup.mbstream',
    install: 'apt-get install mariadb-backup, or dnf install MariaDB-backup',
  },
  mysql: {
    server: 'MySQL',
    backup: 'xtrabackup',
    unpack: 'xbstream',
    stream: 'backup.xbstream',
    install: 'Percona XtraBackup of the same version as the server',
  },
} as const satisfies Record<Flavour, unknown>

/**
 * The version of the program, e.g. `10.11.19`.
 * @param release of the server that it is to fit
 * @throws Failure `mysql-physical-program-missing`, `mysql-physical-program-version`
 */
export async function requireProgram(
  program: string,
  server: { flavour: Flavour; release: number; version: string },
  signal: AbortSignal,
): Promise<string> {
  const known = programs[server.flavour]
  const wanted = `${known.server} ${branchOf(server.release)}`
  const install = `Install it for ${wanted} (${known.install})`
  const said = await promisify(execFile)(program, ['--version'], { signal, timeout: 60_000 }).catch(cause => {
    signal.throwIfAborted()
    const { code } = cause as NodeJS.ErrnoException
    throw new Failure('mysql-physical-program-missing', `The program ${program} cannot be run on this machine`, {
      why: code === 'ENOENT' ? 'it is not there' : messageOf(cause),
      fix: `${install}, name its path in the source’s program, or set method: logical`,
      cause,
    })
  })
  const [, flavour, version] = /based on (MariaDB|MySQL) server (\d+\.\d+\.\d+)/.exec(said.stdout + said.stderr) ?? []
  if (flavour === known.server && branchOf(releaseOf(version!)) === branchOf(server.release)) return version!
  throw new Failure('mysql-physical-program-version', `The program ${program} does not fit ${wanted}`, {
    why: version === undefined ? 'it does not say of which server it is' : `it is of ${flavour} ${version}`,
    fix: install,
  })
}

/** 101119 → `10.11`: within one of these, data files do not change. */
function branchOf(release: number): string {
  return `${Math.floor(release / 10_000)}.${Math.floor(release / 100) % 100}`
}
