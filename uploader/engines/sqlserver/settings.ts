import { z } from 'zod'
import { oneSecretAtMost, oneSecretMessage, SecretSource } from '../../config/secret.ts'

/** How to reach the server. With `instance` its port is asked of SQL Server Browser (UDP 1434); with `domain` the login is a Windows account (NTLM). */
export const ConnectionSettings = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(1).max(65_535).optional(),
    instance: z.string().min(1).optional(),
    user: z.string().min(1),
    domain: z.string().min(1).optional(),
    ...SecretSource.shape,
    tls: z
      .strictObject({
        /** A PEM file with the authorities to trust instead of the system's. */
        caFile: z.string().min(1).optional(),
        /** Whether the certificate is checked; left out, it is unless the server is on this machine. The connection is encrypted in any case. */
        verify: z.boolean().optional(),
      })
      .default({}),
  })
  .refine(oneSecretAtMost, oneSecretMessage)
  .refine(({ port, instance }) => port === undefined || instance === undefined, {
    path: ['instance'],
    message: 'give either port or instance',
  })

/** What the server is shown that sends its backups to the agent: a certificate for 127.0.0.1 that it trusts, and its key, as PEM. */
export const DoorSettings = z.strictObject({
  certificateFile: z.string().min(1),
  keyFile: z.string().min(1),
  /** Streams that a full or differential is sent in side by side; no more than the readers of a run, which are as many as there are processors, 4 at most. */
  stripes: z.number().int().min(1).max(4).default(1),
})

/**
 * `directory` is where the server writes its backup files and the uploader takes them from; `directoryOnServer` is the same place as the server names it, where
 * that is another name (a container, a share). With `door` instead, nothing is written to a disk: the server sends its backups to the agent.
 */
export const Settings = z
  .strictObject({
    connection: ConnectionSettings,
    directory: z.string().min(1).optional(),
    directoryOnServer: z.string().min(1).optional(),
    door: DoorSettings.optional(),
    /** Another product owns the chain of backups: all of ours are COPY_ONLY fulls. */
    coexist: z.boolean().default(false),
    /** Which replica of an availability group backs up: the one that the group prefers, the primary alone, or this one whatever it is. */
    replicas: z.enum(['preferred', 'primary', 'always']).default('preferred'),
    /** Databases that are in flight at once, from the BACKUP statement to the sealed file: so many files lie in the directory at most. */
    parallel: z.number().int().min(1).max(8).default(2),
  })
  .refine(({ directory, door }) => directory !== undefined || door !== undefined, {
    path: ['directory'],
    message: 'give a directory that the server writes its backups to',
  })
  .refine(
    ({ directory, directoryOnServer, door }) => door === undefined || (directory ?? directoryOnServer) === undefined,
    {
      path: ['door'],
      message: 'give either directory or door',
    },
  )

export type ConnectionSettings = z.output<typeof ConnectionSettings>
export type DoorSettings = z.output<typeof DoorSettings>
export type Settings = z.output<typeof Settings>

/** Where files are that both the server and the uploader reach. */
export interface SharedDirectory {
  directory: string
  directoryOnServer?: string | undefined
}

/** Undefined where backups come through the door. */
export function sharedDirectory({ directory, directoryOnServer }: Settings): SharedDirectory | undefined {
  return directory === undefined ? undefined : { directory, directoryOnServer }
}
