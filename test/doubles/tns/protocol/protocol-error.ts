/** The client wrote what this double does not read: a mistake of the double, or a driver of another version. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}
