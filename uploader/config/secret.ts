import { exec } from 'node:child_process'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import { requirePrivate } from './private.ts'

/**
 * Where a password comes from; it is never written into failsafe.yaml itself. An engine spreads the shape into its own
 * settings (`z.strictObject({ host: …, ...SecretSource.shape })`) and adds `.refine(oneSecretAtMost, oneSecretMessage)`.
 */
export const SecretSource = z.object({
  /** A file whose first line is the password, readable by the uploader's account alone. */
  passwordFile: z.string().min(1).optional(),
  /** The name of an environment variable. */
  passwordEnv: z.string().min(1).optional(),
  /** A command line for the system's shell whose first line of output is the password. */
  passwordCommand: z.string().min(1).optional(),
})
export type SecretSource = z.infer<typeof SecretSource>

export const oneSecretMessage = 'give only one of passwordFile, passwordEnv and passwordCommand'

export function oneSecretAtMost({ passwordFile, passwordEnv, passwordCommand }: SecretSource): boolean {
  return [passwordFile, passwordEnv, passwordCommand].filter(given => given !== undefined).length <= 1
}

/**
 * The password, or undefined where no source is named (an engine may then log in without one). A line end after it is not
 * part of it.
 * @throws Failure `secret-unreadable`, `secret-empty` or `file-not-private`; never with the secret in it
 */
export async function readSecret(source: SecretSource, signal?: AbortSignal): Promise<string | undefined> {
  if (source.passwordFile !== undefined) return fromFile(source.passwordFile)
  if (source.passwordEnv !== undefined) return fromEnvironment(source.passwordEnv)
  if (source.passwordCommand !== undefined) return fromCommand(source.passwordCommand, signal)
  return undefined
}

async function fromFile(path: string): Promise<string> {
  let file: FileHandle | undefined
  try {
    file = await open(path)
    await requirePrivate(path, await file.stat(), 'The password file')
    return firstLine(await file.readFile('utf8'), `the password file ${path}`)
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    throw new Failure('secret-unreadable', `The password file ${path} cannot be read`, {
      why: (cause as NodeJS.ErrnoException).code ?? 'unknown error',
      fix: 'Create it with mode 0600, owned by the account that runs failsafe, or correct passwordFile',
      cause,
    })
  } finally {
    await file?.close()
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name]
  if (value === undefined)
    throw new Failure('secret-unreadable', `The environment variable ${name} is not set`, {
      fix: `Set ${name} for the account that runs failsafe, or correct passwordEnv`,
    })
  return firstLine(value, `the environment variable ${name}`)
}

async function fromCommand(command: string, signal?: AbortSignal): Promise<string> {
  try {
    // `exec` hands the line to /bin/sh, or untouched to cmd.exe, which reads the quotes that `execFile` would add otherwise.
    const { stdout } = await promisify(exec)(command, {
      timeout: 60_000,
      maxBuffer: 64 * 1024,
      signal,
      windowsHide: true,
    })
    return firstLine(stdout, 'the output of passwordCommand')
  } catch (cause) {
    if (cause instanceof Failure) throw cause
    signal?.throwIfAborted()
    const { code, killed } = cause as { code?: number | string; killed?: boolean }
    throw new Failure('secret-unreadable', 'passwordCommand failed', {
      why: killed ? 'it did not end within 60 seconds' : `it ended with ${code ?? 'an unknown error'}`,
      fix: 'Run it by hand as the account that runs failsafe',
      // Without the cause: its message repeats the command's own output, which may hold the secret.
    })
  }
}

function firstLine(text: string, what: string): string {
  const line = text.split(/\r?\n/, 1)[0]!
  if (line === '')
    throw new Failure('secret-empty', `There is no password in ${what}`, { fix: 'Put the password on its first line' })
  return line
}
