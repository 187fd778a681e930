import { Failure } from '../../shared/failure.ts'
import type { EngineKind } from '../../shared/snapshot.ts'
import type { Engine } from './engine.ts'

/** Loaded when they are needed: drivers are large, and a run uses one. */
const engines: Partial<Record<EngineKind, () => Promise<Engine>>> = {
  mysql: async () => (await import('./mysql/engine.ts')).mysql,
  exchange: async () => (await import('./exchange/engine.ts')).exchange,
  oracle: async () => (await import('./oracle/engine.ts')).oracle,
  sqlserver: async () => (await import('./sqlserver/engine.ts')).sqlserver,
  domino: async () => (await import('./domino/engine.ts')).domino,
}

/** @throws Failure `engine-unavailable` */
export async function engineFor(kind: EngineKind): Promise<Engine> {
  const load = engines[kind]
  if (load) return load()
  throw new Failure('engine-unavailable', `This version of failsafe has no ${kind} engine`, {
    why: `it has ${Object.keys(engines).join(', ')}`,
    fix: 'Install a version that has it',
  })
}
