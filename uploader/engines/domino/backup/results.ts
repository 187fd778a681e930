/** What became of one database in a run. */
export interface Result {
  path: string
  result: 'backed-up' | 'failed'
  /** Why it was not, or why it was in a run of logs. */
  reason?: string | undefined
  /** Of what was backed up. */
  logged?: boolean
  dbiid?: string
  firstExtent?: number
  replicaId?: string | undefined
  ods?: number | undefined
  size?: number
}

export const resultsName = 'databases.jsonl'
