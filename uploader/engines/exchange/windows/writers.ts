import { Failure } from '../../../../shared/failure.ts'
import { lastWords, runTool, systemTool } from './tool.ts'

/** The writer of Exchange, in all its versions. */
export const exchangeWriter = '76fe1ac4-15f7-4bcd-987e-8e1acb462fb7'

export interface Writer {
  id: string
  /** 1 stable, 5 a backup waits for its end, 6 to 15 the last session failed. */
  state: number
}

/** What `vssadmin list writers` says, in whatever language: of each writer the first GUID and the number in brackets. */
export function parseWriters(text: string): Writer[] {
  return text.split(/\r?\n\s*\r?\n/).flatMap(block => {
    const [, id] = /\{([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}/.exec(block) ?? []
    const [, state] = /\[(\d+)\]/.exec(block) ?? []
    return id === undefined || state === undefined ? [] : [{ id: id.toLowerCase(), state: Number(state) }]
  })
}

/** @throws Failure `exchange-writers` */
export async function listWriters(signal: AbortSignal): Promise<Writer[]> {
  const said = await runTool(systemTool('vssadmin.exe'), ['list', 'writers'], { signal })
  const writers = parseWriters(said.stdout)
  if (said.code === 0 && writers.length > 0) return writers
  throw new Failure('exchange-writers', 'The VSS writers of this server cannot be listed', {
    why: lastWords(said),
    fix: 'Run failsafe as an administrator, and see that the service Volume Shadow Copy can start',
    retriable: true,
  })
}

/** Of the writers of Exchange (releases before 2013 had two of one id), the one that is worst off. @throws Failure `exchange-writer-missing` */
export function exchangeState(writers: readonly Writer[]): number {
  const states = writers.filter(({ id }) => id === exchangeWriter).map(({ state }) => state)
  if (states.length > 0) return Math.max(...states)
  throw new Failure('exchange-writer-missing', 'Exchange has no VSS writer on this server', {
    why: `the writer {${exchangeWriter}} is not among the ${writers.length} that there are`,
    fix: 'Run: Restart-Service MSExchangeRepl. If it stays away: run failsafe as SYSTEM or as an elevated administrator, and give administrators local access in dcomcnfg (COM Security)',
    retriable: true,
  })
}
