import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemProgram } from '../system-program.ts'

async function icacls(...args: string[]): Promise<void> {
  await promisify(execFile)(systemProgram('icacls.exe'), args, { timeout: 30_000, windowsHide: true })
}

/**
 * The list of rights of a file or directory, as SDDL. What icacls prints has the names in the language of the system; what it saves has not: a line with
 * the name, then one with the list, in UTF-16.
 */
export async function readDescriptor(path: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-acl-'))
  try {
    const saved = join(directory, 'acl')
    await icacls(path, '/save', saved, '/q')
    const lines = (await readFile(saved, 'utf16le')).replace(/^\ufeff/, '').split(/\r?\n/)
    return lines[1] ?? ''
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What gives a directory, and all that will be made in it, to SYSTEM and the Administrators alone. */
export function protection(directory: string): string[] {
  return [directory, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '/grant:r', '*S-1-5-32-544:(OI)(CI)F', '/q']
}

export function protect(directory: string): Promise<void> {
  return icacls(...protection(directory))
}
