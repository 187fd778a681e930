import { readFile } from 'node:fs/promises'
import { Failure } from '../../shared/failure.ts'
import { type Identity, parseIdentity } from '../../shared/restore/identity.ts'
import { readIdentityFile } from '../restore/identity.ts'
import type { Terminal } from './terminal.ts'

const longest = 1024 * 1024

/** All of stdin. @throws Failure `usage` when it is absurdly long */
async function readStdin({ stdin }: Terminal): Promise<string> {
  let text = ''
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += chunk
    if (text.length > longest)
      throw new Failure('usage', 'What came on stdin is too long', { fix: 'Give one short text' })
  }
  return text
}

/** Also a mistyped one: it may hold a secret, and must not be taken for a path that is then repeated in an error. `C:/` is a path. */
const isAddress = (text: string) => /[^:/]{2}:\/|#/.test(text)

/**
 * A secret web address (enrolment token, restore link) from the command line itself, from `-`, from a file, or from the
 * environment variable `variable` when the command line has none.
 * @returns undefined where the argument is neither an address nor a path (a source's name then)
 */
export async function readAddress(
  argument: string | undefined,
  variable: string,
  terminal: Terminal,
): Promise<string | undefined> {
  const given = argument ?? terminal.env[variable]
  if (given === undefined || isAddress(given)) return given
  const text = given === '-' ? await readStdin(terminal) : /[/\\]/.test(given) ? await readText(given) : undefined
  return text?.trim()
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure('usage', `${path} cannot be read`, {
      why: (cause as NodeJS.ErrnoException).code,
      fix: 'Give a web address, - for stdin, or the path of a file that holds the address',
      cause,
    })
  }
}

/**
 * The recovery kit or identity from `--identity FILE`, `--identity -`, or FAILSAFE_IDENTITY (a path, or the text itself).
 * @returns undefined where none is given
 */
export async function readIdentity(option: string | undefined, terminal: Terminal): Promise<Identity | undefined> {
  const given = option ?? terminal.env.FAILSAFE_IDENTITY
  if (given === undefined) return undefined
  if (given === '-') return parseIdentity(await readStdin(terminal))
  return parseIdentity(given.includes('AGE-SECRET-KEY-') ? given : await readIdentityFile(given))
}

export async function requireIdentity(option: string | undefined, terminal: Terminal): Promise<Identity> {
  const identity = await readIdentity(option, terminal)
  if (identity) return identity
  throw new Failure('identity-missing', 'The recovery kit is needed to open a backup', {
    why: 'the host itself cannot open what it backed up',
    fix: 'Add --identity FILE with the recovery kit or an identity file of age',
  })
}
