import type { EngineKind } from '../../shared/snapshot.ts'
import type { Detector } from './detector.ts'

/** In the order in which init looks. */
const detectors: Partial<Record<EngineKind, () => Promise<Detector>>> = {
  mysql: async () => (await import('./mysql/detect/detector.ts')).mysqlDetector,
  domino: async () => (await import('./domino/detect/detector.ts')).dominoDetector,
}

export function allDetectors(): Promise<Detector[]> {
  return Promise.all(Object.values(detectors).map(load => load()))
}
