/** The stages of a restore. Each needs those before it; within one, order does not matter. The last holds nothing to load. */
const stages = [
  'accounts',
  'server',
  'databases',
  'tables',
  'rows',
  'routines',
  'views',
  'triggers',
  'grants',
  'events',
  'metadata',
] as const

export type Stage = (typeof stages)[number]
export const restoreStages: readonly Stage[] = stages

const perStage = 1_000_000_000

/** Where an artefact stands in the index: by stage, then in the order in which it was made. */
export function orderOf(stage: Stage, serial: number): number {
  return stages.indexOf(stage) * perStage + serial
}
