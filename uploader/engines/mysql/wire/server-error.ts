/** What the server itself answered to a statement. */
export class ServerError extends Error {
  readonly errno: number
  readonly sqlState: string

  constructor(errno: number, sqlState: string, message: string) {
    super(message)
    this.name = 'ServerError'
    this.errno = errno
    this.sqlState = sqlState
  }
}

/** @param payload an ERR packet without its header: 0xff, error number, `#` and state, text */
export function parseError(payload: Buffer): ServerError {
  const errno = payload.readUInt16LE(1)
  const hasState = payload[3] === 0x23
  const sqlState = hasState ? payload.toString('latin1', 4, 9) : 'HY000'
  return new ServerError(errno, sqlState, payload.toString('utf8', hasState ? 9 : 3))
}

/** A right that is missing, or a statement this server does not know: another way is tried. */
export function isDenied(error: unknown): boolean {
  return error instanceof ServerError && [1044, 1045, 1064, 1142, 1227, 1235].includes(error.errno)
}

export function whenDenied(error: unknown): undefined {
  if (!isDenied(error)) throw error
}

/** A deadlock, or too long a wait for a lock: the statement had no effect and may be run again. */
export function isTakenBack(error: unknown): boolean {
  return error instanceof ServerError && [1205, 1213].includes(error.errno)
}
