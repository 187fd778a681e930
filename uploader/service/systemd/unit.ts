import { dirname, join } from 'node:path'

export interface UnitOptions {
  command: readonly string[]
  /** The account that it runs as. */
  user: string
  config: string
  /** Directories of its own. */
  own: readonly string[]
  /** Somebody else's directories that it writes to, as far as they are there when it starts: one that is not keeps only its source from being backed up. */
  writable: readonly string[]
  /** Everything else that it must be able to reach. */
  reached: readonly string[]
  /** Beside the one that root keeps. */
  capabilities?: readonly string[]
  /** It meets other programs in /tmp. */
  sharesTemporary?: boolean
  /** A program that it starts takes another account by its own mode. */
  startsSetuid?: boolean
}

/**
 * The unit of the daemon. What a backup does not need is taken from it: it sees a system that it cannot change but for its own directories, has no
 * capability (root keeps that of reading every file, for copies of data files), and calls only what programs without special rights call.
 *
 * Not there, with reason: `MemoryDenyWriteExecute`, as V8 writes the code that it runs; `PrivateNetwork` and `IPAddressDeny`, as backups leave the machine.
 */
export function unitOf(options: UnitOptions): string {
  const { command, user, config, own, writable, reached, capabilities = [] } = options
  const { sharesTemporary = false, startsSetuid = false } = options
  const paths = [...command.filter(word => word.startsWith('/')), config, ...own, ...writable, ...reached]
  const isRoot = user === 'root'
  return [
    '# Written by failsafe service install, which writes it anew: put changes into failsafe.service.d/*.conf.',
    '[Unit]',
    'Description=FailSafe Online Backup',
    'Wants=network-online.target',
    'After=network-online.target mysql.service mariadb.service mssql-server.service',
    '# However often it fails, it is started again.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(word => quote(word).replaceAll('$', '$$$$')).join(' ')}`,
    `User=${user}`,
    `EnvironmentFile=-${quoteAlone(join(dirname(config), 'environment'))}`,
    'Restart=on-failure',
    'RestartSec=30',
    'TimeoutStopSec=30',
    '# A backup program that it has started hears of the end from it, and not beside it.',
    'KillMode=mixed',
    'Nice=10',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    'UMask=0077',
    '',
    `NoNewPrivileges=${startsSetuid ? 'no' : 'yes'}`,
    `CapabilityBoundingSet=${isRoot ? ['CAP_DAC_READ_SEARCH', ...capabilities].join(' ') : ''}`,
    'ProtectSystem=strict',
    `ReadWritePaths=${[...own, ...writable.map(path => `-${path}`)].map(quote).join(' ')}`,
    `ProtectHome=${paths.some(isHome) ? 'read-only' : 'yes'}`,
    `PrivateTmp=${sharesTemporary || paths.some(isTemporary) ? 'no' : 'yes'}`,
    'PrivateDevices=yes',
    'ProtectClock=yes',
    'ProtectControlGroups=yes',
    'ProtectHostname=yes',
    'ProtectKernelLogs=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelTunables=yes',
    ...(isRoot ? [] : ['ProtectProc=invisible', 'ProcSubset=pid', 'RemoveIPC=yes']),
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    ...(isRoot || startsSetuid ? [] : ['SystemCallFilter=~@privileged']),
    'SystemCallErrorNumber=EPERM',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n')
}

const isHome = (path: string) => /^\/(home|root|run\/user)\//.test(path)
const isTemporary = (path: string) => /^\/(var\/)?tmp\//.test(path)

/** A word among others, as systemd reads it: it takes a percent sign for a specifier. */
function quote(word: string): string {
  const escaped = word.replaceAll('%', '%%')
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped.replace(/[\\"]/g, '\\$&')}"`
}

/** Where one path is all there is, a space is part of it. */
const quoteAlone = (path: string) => path.replaceAll('%', '%%')
