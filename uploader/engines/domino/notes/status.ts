/** Numbers of the Notes API that somebody acts upon, without the two bits that say where an error was displayed or came from. */
export const status = {
  noSuchFile: 0x0103,
  wrongLogStyle: 0x0ea1,
  newIdentity: 0x0ea2,
  backupInProgress: 0x0ea4,
  invalidChangeInfo: 0x0ea6,
  corruptChangeInfo: 0x0ea7,
  archiveInProgress: 0x0eae,
  noSuchExtent: 0x13dc,
  noMoreExtents: 0x13de,
  extentNotRetrieved: 0x13e3,
  logSpaceCritical: 0x13e9,
  inUse: 0x13ea,
  backupOpened: 0x13f3,
  offline: 0x13f9,
  notABackup: 0x13fa,
  notLogged: 0x13ff,
  compacting: 0x13aa,
} as const

const meaningful = 0x3fff

export function statusOf(returned: number): number {
  return returned & meaningful
}

/** A call of the Notes API that failed, with Domino's own words for it. */
export class NotesError extends Error {
  readonly call: string
  readonly status: number

  constructor(call: string, code: number, text: string) {
    super(`${text} (${call}, 0x${code.toString(16).padStart(4, '0')})`)
    this.name = 'NotesError'
    this.call = call
    this.status = code
  }
}
