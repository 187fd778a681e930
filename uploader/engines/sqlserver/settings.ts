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

/**
 * `directory` is where the server writes its backup files and the uploader takes them from; `directoryOnServer` is the same place as the server names it, where
 * that is another name (a container, a share).
 */
export const Settings = z.strictObject({
  connection: ConnectionSettings,
  directory: z.string().min(1),
  directoryOnServer: z.string().min(1).optional(),
  /** Another product owns the chain of backups: all of ours are COPY_ONLY fulls. */
  coexist: z.boolean().default(false),
  /** Which replica of an availability group backs up: the one that the group prefers, the primary alone, or this one whatever it is. */
  replicas: z.enum(['preferred', 'primary', 'always']).default('preferred'),
  /** Databases that are in flight at once, from the BACKUP statement to the sealed file: so many files lie in the directory at most. */
  parallel: z.number().int().min(1).max(8).default(2),
})

export type ConnectionSettings = z.output<typeof ConnectionSettings>
export type Settings = z.output<typeof Settings>
