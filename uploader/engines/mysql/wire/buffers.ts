/** Where a reader's bytes lie; made once for each connection and used for table after table. */
export interface Buffers {
  /** Bytes of the server's answer that were not looked at yet. */
  window: Buffer
  /** SQL that was not taken yet. */
  output: Buffer
}

export function newBuffers(): Buffers {
  return { window: Buffer.allocUnsafeSlow(256 * 1024), output: Buffer.allocUnsafeSlow(256 * 1024) }
}
