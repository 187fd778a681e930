import { z } from 'zod'
import { oneSecretAtMost, oneSecretMessage, SecretSource } from '../../config/secret.ts'

/**
 * How to reach the database: its root, where it has containers. Either the name of a service or a SID.
 * `as`: the administrative privilege that the account logs on with.
 */
export const ConnectionSettings = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(1).max(65_535).default(1521),
    service: z.string().min(2).optional(),
    sid: z.string().min(1).optional(),
    user: z.string().min(1),
    ...SecretSource.shape,
    as: z.enum(['sysbackup', 'sysdba', 'none']).default('sysbackup'),
    /** TCPS. `caFile`: a PEM file with the authorities to trust instead of those of the program; `wallet`: a directory with `ewallet.pem`, which may hold a certificate of ours as well. */
    tls: z
      .strictObject({ caFile: z.string().min(1).optional(), wallet: z.string().min(1).optional() })
      .refine(({ caFile, wallet }) => caFile === undefined || wallet === undefined, {
        message: 'give either caFile or wallet',
      })
      .optional(),
  })
  .refine(oneSecretAtMost, oneSecretMessage)
  .refine(({ service, sid }) => (service === undefined) !== (sid === undefined), {
    path: ['service'],
    message: 'give either service or sid',
  })

/** `home` and `sid`: ORACLE_HOME and ORACLE_SID of the instance. `program`: where rman lies, if not in the home's `bin`. */
export const RmanSettings = z.strictObject({
  home: z.string().min(1),
  sid: z.string().min(1),
  program: z.string().min(1).optional(),
})

/**
 * `directory` is where the server writes copies of its control file and parameters, as it names it itself. `files` says how all that the server names is read: on
 * this machine (`paths` says where, if it has other names here), or through the connection. Left out, it is `local` where the server is this machine.
 */
export const Settings = z
  .strictObject({
    connection: ConnectionSettings,
    directory: z.string().min(1),
    /** Fulls as copies of data files in backup mode, or by Oracle's Recovery Manager (`rman`). Logs are the same. */
    method: z.enum(['user-managed', 'rman']).default('user-managed'),
    /** Oracle's Recovery Manager on this machine. */
    rman: RmanSettings.optional(),
    files: z.enum(['local', 'remote']).optional(),
    paths: z.array(z.strictObject({ server: z.string().min(1), here: z.string().min(1) })).default([]),
    /** Whether all files are in backup mode at once, or those of one tablespace after the other. */
    backupMode: z.enum(['database', 'tablespace']).default('database'),
    /** Files in ASM are refused, or copied into `directory` by the server first, one for each reader. */
    asm: z.enum(['refuse', 'copy']).default('refuse'),
    /**
     * A database without archived logs can be copied while it is closed alone. It is refused; or somebody closes and mounts it before each run; or failsafe shuts it
     * down (`rman`), and opens it again.
     */
    noarchivelog: z.enum(['refuse', 'closed', 'shutdown']).default('refuse'),
    /** Changes without redo since the last full: the next log run becomes a full, or they are only warned of. */
    nologging: z.enum(['promote', 'warn']).default('promote'),
    /** The text file of parameters, as the server names it, of a database that was started without a server parameter file. */
    parameterFile: z.string().min(1).optional(),
    /** Further files of the server that belong into a full: password file, sqlnet.ora, and a wallet if that is really wanted. */
    also: z.array(z.string().min(1)).default([]),
    /** Archived logs are removed from the server once the receiver has committed them. */
    deleteArchivedLogs: z.boolean().default(false),
  })
  .refine(({ method, noarchivelog, rman }) => rman || (method !== 'rman' && noarchivelog !== 'shutdown'), {
    path: ['rman'],
    message: 'method: rman and noarchivelog: shutdown need rman: { home, sid }',
  })
  .refine(({ rman, files }) => rman === undefined || files !== 'remote', {
    path: ['files'],
    message: 'RMAN writes into files that this machine has to reach: files: local',
  })
  .refine(({ noarchivelog, files }) => noarchivelog === 'refuse' || files !== 'remote', {
    path: ['files'],
    message: 'a database that is closed reads no files for others: files: local',
  })
  .refine(({ noarchivelog, asm, method }) => noarchivelog === 'refuse' || asm === 'refuse' || method === 'rman', {
    path: ['asm'],
    message: 'a database that is closed copies nothing out of ASM: method: rman',
  })
  .refine(({ noarchivelog, connection }) => noarchivelog === 'refuse' || connection.as !== 'none', {
    path: ['connection', 'as'],
    message: 'a database that is closed lets administrators in alone: as: sysbackup',
  })

export type RmanSettings = z.output<typeof RmanSettings>
export type ConnectionSettings = z.output<typeof ConnectionSettings>
export type Settings = z.output<typeof Settings>
