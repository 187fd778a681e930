import { join } from 'node:path'
import { Failure } from '../../../../shared/failure.ts'
import { lastWords, runTool, type Said } from '../windows/tool.ts'

/** What eseutil ends with. */
export const currentLogMissing = -528
export const committedLogsMissing = -582
export const committedLogCorrupt = -586

const meanings: Record<number, string> = {
  [-501]: 'a log is corrupt',
  [-509]: 'a log before the first one is missing',
  [-513]: 'the name of a log does not fit its number',
  [-514]: 'a log is of another version of Exchange',
  [-515]: 'a log does not follow the one before',
  [currentLogMissing]: 'the current log is missing',
  [-530]: 'a log is of another stream',
  [-531]: 'the database is another one than the logs are of',
  [-533]: 'the checkpoint cannot be used',
  [-543]: 'logs that the database requires are missing',
  [-550]: 'the database was not shut down cleanly, and needs its logs',
  [-555]: 'a log that is restored is of another stream',
  [committedLogsMissing]: 'logs with something committed are missing',
  [committedLogCorrupt]: 'a log with something committed is corrupt',
  [-1018]: 'a page is damaged',
  [-1032]: 'another program has a file open',
  [-1206]: 'the database is damaged, or none',
  [-1216]: 'another database that the logs speak of is missing',
  [-1808]: 'the disk is full',
}

/** The tool of Exchange's own, on a machine that has Exchange installed. @throws Failure `exchange-eseutil-missing` */
export function eseutil(): string {
  const installed = process.env.ExchangeInstallPath
  if (installed) return join(installed, 'Bin', 'eseutil.exe')
  throw new Failure('exchange-eseutil-missing', 'There is no eseutil on this machine', {
    why: 'it comes with Exchange, and ExchangeInstallPath is not set here',
    fix: 'Run the restore with --apply on an Exchange server; or copy the files there, and follow RESTORE.md',
  })
}

/** Windows has the error as an unsigned number of 32 bits; where less of it arrives, the last line says it too. */
export function jetCode({ code, stdout }: Pick<Said, 'code' | 'stdout'>): number {
  if (code === 0) return 0
  const [, told] = /\berror (-\d+) \(JET_/.exec(stdout) ?? []
  return told === undefined ? code | 0 : Number(told)
}

/** @param directory the logs lie in. @returns with the error of ESE as its code */
export async function recover(
  { base, directory, database, all }: { base: string; directory: string; database: string; all: boolean },
  signal: AbortSignal,
): Promise<Said> {
  const args = ['/r', base, `/l${directory}`, `/s${directory}`, `/d${database}`, ...(all ? ['/a'] : [])]
  const said = await runTool(eseutil(), args, { signal, cwd: directory })
  return { ...said, code: jetCode(said) }
}

export function recoveryFailed(name: string, said: Said): Failure {
  const meaning = meanings[said.code]
  return new Failure('exchange-recovery-failed', `${name} could not be recovered`, {
    why: `eseutil ended with ${said.code}${meaning === undefined ? '' : ` (${meaning})`}: ${lastWords(said)}`,
    fix: 'The files that were restored are as they were. Restore an earlier snapshot, or ask the vendor’s support with this number',
  })
}
