import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes between two looks. */
const every = 1024 ** 2

let collect: ((options: { type: 'minor' }) => void) | undefined
let since = 0

/**
 * Whoever reads through the driver says how many bytes came. Each piece of them was in buffers of the driver's that are dead by now but small as objects, so that
 * the garbage collector sees no reason to look for them: tens of MiB would pile up. It is made to look at the young ones, of which there are few.
 */
export function readThroughDriver(bytes: number): void {
  since += bytes
  if (since < every) return
  since = 0
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as typeof collect
  }
  collect!({ type: 'minor' })
}
