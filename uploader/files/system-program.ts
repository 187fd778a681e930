import { join } from 'node:path'

/**
 * A program of Windows by its full path: whoever can put another one earlier on the PATH must not be asked in its place.
 * @param path below `System32`
 */
export function systemProgram(...path: string[]): string {
  return join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', ...path)
}
