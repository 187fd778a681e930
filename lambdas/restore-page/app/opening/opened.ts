/** The moment that is restored; neither `at` nor `snapshot` is the latest state. */
export interface Choice {
  source: string
  /** RFC 3339 with an offset, on the engine's clock. */
  at?: string
  snapshot?: string
  units?: string[]
  /** Fingerprints of agent keys that the person compared and believes, where the kit has not certified them. */
  trust?: string[]
}

/** A restore whose manifests and indexes were opened and proved. */
export interface Opened {
  /** Its id. */
  restoreManifest: string
  source: string
  sourceName: string
  engine: string
  /** Null for the latest state and for that of a snapshot. */
  at: string | null
  /** Whose keys signed the snapshots, and whether the recovery kit, or the person, vouches for each. With a plain identity of age nobody does. */
  signers: { agent: string; fingerprint: string; proven: boolean }[]
  /** In the order they are applied. `doubtful`: an earlier check found it bad. */
  snapshots: { snapshot: string; kind: string; receivedAt: string; doubtful: boolean }[]
  /** In restore order. `file` is the relative path as the command line lays it out; sizes are in bytes, `sha256` is base64 and of the plain bytes. */
  artefacts: {
    id: number
    file: string
    name: string
    snapshot: string
    role: string
    unit: string
    size: number
    sealedSize: number
    sha256: string
    attributes: Record<string, string>
  }[]
}

/** How far the stream of an artefact is: sealed bytes that were fetched, plain bytes that were opened. */
export interface Progress {
  artefact: number
  fetched: number
  opened: number
}
