import type { DeliveryPorts } from '../notices/deliver.ts'

/** What the watchdog needs: the catalogue, a clock, and where notices go. */
export type WatchdogPorts = DeliveryPorts
