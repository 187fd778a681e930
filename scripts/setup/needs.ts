/** A program that a group of commands needs, and the Debian package that brings it. */
export interface Need {
  program: string
  debian: string
}

const server: Need[] = [
  { program: 'mariadbd', debian: 'mariadb-server' },
  { program: 'mariadb-install-db', debian: 'mariadb-server' },
  { program: 'mariadb', debian: 'mariadb-client' },
  { program: 'mariadb-dump', debian: 'mariadb-client' },
  { program: 'age', debian: 'age' },
  { program: 'zstd', debian: 'zstd' },
]

/** What each developer command calls besides Node. */
export const groups = {
  test: [
    ...server,
    { program: 'jq', debian: 'jq' },
    { program: 'gcc', debian: 'gcc' },
    // The headers of the C library, without which it compiles nothing.
    { program: 'gencat', debian: 'libc6-dev' },
    { program: 'openssl', debian: 'openssl' },
    { program: 'script', debian: 'bsdutils' },
    { program: 'systemd-analyze', debian: 'systemd' },
    { program: 'myloader', debian: 'mydumper' },
    { program: 'mariadb-backup', debian: 'mariadb-backup' },
    { program: 'chromium', debian: 'chromium' },
  ],
  demo: server,
  bench: [
    ...server,
    { program: 'mydumper', debian: 'mydumper' },
    { program: 'mariadb-backup', debian: 'mariadb-backup' },
    { program: 'curl', debian: 'curl' },
    { program: 'rclone', debian: 'rclone' },
    { program: 'restic', debian: 'restic' },
    { program: 'aws', debian: 'awscli' },
  ],
  wine: [...server, { program: 'debootstrap', debian: 'debootstrap' }, { program: 'unshare', debian: 'util-linux' }],
} as const satisfies Record<string, Need[]>

export type Group = keyof typeof groups

export function isGroup(name: string): name is Group {
  return Object.hasOwn(groups, name)
}
