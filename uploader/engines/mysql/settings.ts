import { z } from 'zod'
import { oneSecretAtMost, oneSecretMessage, SecretSource } from '../../config/secret.ts'
import { Choice } from './selection/pattern.ts'
import { isEverything } from './selection/record.ts'

/** How to reach the server. `socketPath` wins over host and port where it is given. */
export const ConnectionSettings = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(1).max(65_535).default(3306),
    socketPath: z.string().min(1).optional(),
    user: z.string().min(1),
    ...SecretSource.shape,
    tls: z
      .strictObject({
        /** A PEM file with the authorities to trust instead of the system's. */
        caFile: z.string().min(1).optional(),
        /** False accepts any certificate: only the password's eavesdropper is kept out then. */
        verify: z.boolean().default(true),
      })
      .optional(),
  })
  .refine(oneSecretAtMost, oneSecretMessage)

/**
 * `logical` reads rows through connections, from any machine, of all or of chosen databases and tables. `physical` has the server's own backup
 * program copy the data files, on the machine that they lie on; `program` is where that is, unless the PATH leads to it.
 */
export const Settings = z
  .strictObject({
    connection: ConnectionSettings,
    method: z.enum(['logical', 'physical']).default('logical'),
    program: z.string().min(1).optional(),
    ...Choice.shape,
  })
  .refine(({ method, program }) => program === undefined || method === 'physical', {
    path: ['program'],
    message: 'only method: physical uses a program',
  })
  .refine(settings => settings.method === 'logical' || isEverything(settings), {
    path: ['method'],
    message: 'physical copies whole servers: include and exclude need method: logical',
  })

export type ConnectionSettings = z.output<typeof ConnectionSettings>
export type Settings = z.output<typeof Settings>
