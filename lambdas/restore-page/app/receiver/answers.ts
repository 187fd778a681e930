import type {
  LinkInfoResponse,
  LinkUsesResponse,
  RestoreManifestResponse,
  RestorePlanResponse,
  TimelineResponse,
  TimelineSnapshot,
} from '../../../../shared/api/restore.ts'

/** What the receiver answers, as types alone: the schemas, and the library that reads them, stay out of the first load. */
export type LinkInfo = LinkInfoResponse
export type LinkUses = LinkUsesResponse
export type Timeline = TimelineResponse
export type Snapshot = TimelineSnapshot
export type Plan = RestorePlanResponse
export type PlannedSnapshot = Plan['snapshots'][number]
export type RestoreManifest = RestoreManifestResponse
