/** Bytes of a value in a function's answer, which is JSON in JSON: 6 MB at most. */
export function escapedBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(JSON.stringify(value)))
}
