/** True only in the bundle that the kill tests are run with (test/e2e/kill-matrix.test.ts); in what ships, the calls below leave nothing behind. */
declare const FAULT_POINTS: boolean

/** The steps of a run at which a test kills it, in their order. */
export const faultPoints = [
  'source-registered',
  'source-taken',
  'heads-read',
  'source-inspected',
  'directory-made',
  'journal-made',
  'run-journalled',
  'snapshot-opened',
  'opened-journalled',
  'session-begun',
  'artefact-begun',
  'part-written',
  'part-journalled',
  'part-signed',
  'part-sent',
  'part-removed',
  'artefact-ended',
  'pack-completed',
  'index-written',
  'units-written',
  'staging-synced',
  'staging-journalled',
  'parts-uploaded',
  'manifest-journalled',
  'commit-answered',
  'commit-journalled',
  'source-told',
  'journal-closed',
  'session-closed',
  'directory-removed',
  'outcome-recorded',
  'source-released',
] as const
export type FaultPoint = (typeof faultPoints)[number]

const passed = new Map<string, number>()

/**
 * Dies here, as by a power cut, if FAILSAFE_FAULT says so: the name of a point, or `name:3` for the third time it is passed. Without effect, and without trace,
 * in the program that ships.
 */
export function faultPoint(point: FaultPoint): void {
  if (typeof FAULT_POINTS === 'undefined' || !FAULT_POINTS) return
  const times = (passed.get(point) ?? 0) + 1
  passed.set(point, times)
  const [wanted, time = '1'] = (process.env.FAILSAFE_FAULT ?? '').split(':')
  if (wanted === point && time === String(times)) process.kill(process.pid, 'SIGKILL')
}
