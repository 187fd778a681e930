import { isSea } from 'node:sea'

/** The command line that starts this very program again: one file where it is packaged, else Node with the script. */
export function ownCommand(): string[] {
  return isSea() ? [process.execPath] : [process.execPath, ...process.execArgv, process.argv[1]!]
}
