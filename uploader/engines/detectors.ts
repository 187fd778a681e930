import type { EngineKind } from '../../shared/snapshot.ts'
import type { Detector } from './detector.ts'

/** In the order in which init looks. */
const detectors: Partial<Record<EngineKind, () => Promise<Detector>>> = {
  mysql: async () => (await import('./mysql/detect/detector.ts')).mysqlDetector,
  sqlserver: async () => (await import('./sqlserver/detect/detector.ts')).sqlserverDetector,
  exchange: async () => (await import('./exchange/detect/detector.ts')).exchangeDetector,
  domino: async () => (await import('./domino/detect/detector.ts')).dominoDetector,
}

export function allDetectors(): Promise<Detector[]> {
  return Promise.all(Object.values(detectors).map(load => load()))
}
