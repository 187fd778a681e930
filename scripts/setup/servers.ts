import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { run } from './run.ts'

/** A database server of another Debian release, unpacked beside the machine's own: nothing is installed, and no root rights are needed. */
interface Release {
  /** The Debian release that has it. */
  suite: string
  packages: string[]
  /** Programs that get a starter in `bin`: paths inside the unpacked tree. */
  programs: string[]
}

export const releases = {
  'mariadb-11.8': {
    suite: 'trixie',
    packages: ['mariadb-server-core', 'mariadb-client-core', 'mariadb-client', 'mariadb-backup'],
    programs: [
      'usr/sbin/mariadbd',
      'usr/bin/mariadb',
      'usr/bin/mariadb-binlog',
      'usr/bin/mariadb-backup',
      'usr/bin/mbstream',
    ],
  },
  'mysql-9.7': {
    suite: 'sid',
    packages: ['mysql-server-core', 'mysql-client-core'],
    programs: ['usr/sbin/mysqld', 'usr/bin/mysql', 'usr/bin/mysqlbinlog'],
  },
} as const satisfies Record<string, Release>

export type ReleaseName = keyof typeof releases

const root = join(import.meta.dirname, '../../build/servers')

/** Where a release is unpacked: `bin` has its programs, `tree` its files. */
export function placeOf(name: ReleaseName): { bin: string; tree: string } {
  return { bin: join(root, name, 'bin'), tree: join(root, name, 'tree') }
}

/**
 * Downloads and unpacks what is not there yet, from the mirror and with the keys that apt has.
 * @returns why it could not be done; undefined when all are there
 */
export async function bringServers(): Promise<string | undefined> {
  let mirror = await findMirror()
  for (const [name, release] of Object.entries(releases)) {
    const there = await readdir(join(root, name, 'bin')).catch(() => [])
    if (there.length > 0) continue
    // A machine whose lists of packages were never fetched, or were thrown away.
    if (mirror === undefined && (await run('apt-get', ['-qq', 'update'])) === 0) mirror = await findMirror()
    if (mirror === undefined) return 'apt knows no Debian mirror (run apt-get update)'
    console.error(`Unpacking ${name} of Debian ${release.suite} ...`)
    const failed = await bring(name, release, mirror)
    if (failed !== undefined) return `${name}: ${failed}`
  }
  return undefined
}

/** The mirror that this machine's own packages come from. */
export async function findMirror(): Promise<string | undefined> {
  const query = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian']
  const { stdout } = await promisify(execFile)('apt-get', query)
  return stdout.split('\n').find(line => line !== '')
}

async function bring(
  name: string,
  { suite, packages, programs }: Release,
  mirror: string,
): Promise<string | undefined> {
  const partial = join(root, `${name}.partial`)
  await rm(partial, { recursive: true, force: true })
  await mkdir(join(partial, 'state/lists/partial'), { recursive: true })
  await mkdir(join(partial, 'cache/archives/partial'), { recursive: true })
  await writeFile(
    join(partial, 'sources.list'),
    `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${suite} main\n`,
  )
  await writeFile(join(partial, 'status'), '')
  const options = {
    'Dir::Etc::sourcelist': join(partial, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': join(partial, 'state'),
    'Dir::State::status': join(partial, 'status'),
    'Dir::Cache': join(partial, 'cache'),
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': 'true',
  }
  const apt = (...args: string[]) =>
    run('apt-get', [...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]), '-qq', ...args])
  if ((await apt('update')) !== 0) return 'its list of packages could not be fetched'
  const install = ['-y', '--no-install-recommends', '--download-only', 'install', ...packages]
  if ((await apt(...install)) !== 0) return 'its packages could not be fetched'
  const archives = join(partial, 'cache/archives')
  const tree = join(partial, 'tree')
  for (const file of await readdir(archives))
    if (file.endsWith('.deb') && (await run('dpkg-deb', ['-x', join(archives, file), tree])) !== 0)
      return `${file} could not be unpacked`
  await writeStarters(join(partial, 'bin'), programs)
  for (const rest of ['cache', 'state', 'status', 'sources.list']) await rm(join(partial, rest), { recursive: true })
  await rm(join(root, name), { recursive: true, force: true })
  await rename(partial, join(root, name))
  return undefined
}

/** Each program runs under the C library of its own release. */
async function writeStarters(bin: string, programs: string[]): Promise<void> {
  await mkdir(bin, { recursive: true })
  for (const program of programs) {
    const file = join(bin, program.slice(program.lastIndexOf('/') + 1))
    await writeFile(
      file,
      [
        '#!/bin/sh',
        'tree=$(dirname "$0")/../tree',
        'libraries=$tree/usr/lib/x86_64-linux-gnu:$tree/usr/lib/mysql/private',
        `exec "$tree/usr/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" "$tree/${program}" "$@"`,
        '',
      ].join('\n'),
    )
    await chmod(file, 0o755)
  }
}
