const { port1: nowhere, port2: closed } = new MessageChannel()
closed.close()

/**
 * Gives the memory of a chunk back now. Browsers collect garbage so late that hundreds of megabytes of dead chunks pile up, and what `ArrayBuffer.transfer` frees
 * is kept by them still where the browser itself made it; what is sent to a port that is closed is gone. Only for a chunk that nobody reads any more; one that
 * shares its memory is left alone.
 */
export function discard(chunk: Uint8Array): void {
  const { buffer } = chunk
  if (buffer instanceof ArrayBuffer && buffer.byteLength === chunk.byteLength) nowhere.postMessage(null, [buffer])
}
