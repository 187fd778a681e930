import { z } from 'zod'
import { Failure } from '../../../../shared/failure.ts'

/** One object where there is one only: so PowerShell writes an array of one; nothing at all where there is none. */
function list<T extends z.ZodType>(of: T) {
  return z.preprocess(
    value => (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]),
    z.array(of),
  )
}

const Yes = z.preprocess(value => (typeof value === 'string' ? value.toLowerCase() === 'true' : value), z.boolean())
const Whole = z.preprocess(value => Number(value), z.number())

const DatabaseAnswer = z.object({
  Name: z.string().min(1),
  Guid: z.string().min(36),
  Server: z.string().min(1),
  EdbFilePath: z.string().min(3),
  LogFolderPath: z.string().min(3),
  LogFilePrefix: z.string().min(1),
  CircularLoggingEnabled: Yes,
  /** Null where it was asked without -Status. */
  Mounted: Yes.nullable(),
  BackupInProgress: Yes.nullable(),
  Recovery: Yes,
  LastFullBackup: z.string().nullish(),
})
export type DatabaseAnswer = z.output<typeof DatabaseAnswer>

const Stamps = z.object({ databases: list(DatabaseAnswer) })

const Discovery = Stamps.extend({
  server: z.string().min(1),
  domainRole: z.number(),
  elevated: z.boolean(),
  process64: z.boolean(),
  serverBackup: z.boolean(),
  version: z.string(),
  letters: list(z.string()),
  volumes: list(z.object({ Name: z.string(), DeviceID: z.string(), Capacity: Whole, FreeSpace: Whole })),
  copies: list(z.object({ DatabaseName: z.string(), Status: z.string() })),
})

const Shadows = z.object({
  shadows: list(z.object({ ID: z.string(), VolumeName: z.string(), ExposedName: z.string().nullish() })),
})

export const parseDiscovery = (answer: unknown) => parse(Discovery, answer)
export const parseStamps = (answer: unknown) => parse(Stamps, answer)
export const parseShadows = (answer: unknown) => parse(Shadows, answer)

function parse<T extends z.ZodType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw incomplete(`${issue!.path.join('.')}: ${issue!.message}`)
}

/** @throws Failure `exchange-discovery-incomplete` */
export function incomplete(why: string): Failure {
  return new Failure('exchange-discovery-incomplete', 'Exchange did not tell all that a backup has to know', {
    why,
    fix: 'See that the account may run Get-MailboxDatabase -Status (role group “View-Only Organization Management”), and run it again',
    retriable: true,
  })
}
