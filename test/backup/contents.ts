import { noiseOf } from '../support/noise.ts'
import type { Content } from './engine.ts'
import { MiB } from './support.ts'

/** Four artefacts of 8 MiB with text between what does not compress. */
export function contentsOf(marker: string): Content[] {
  const text = Buffer.from(`${marker} `.repeat(2000))
  return ['a', 'b', 'c', 'd'].map((name, order) => ({
    name: `${marker}-${name}`,
    order,
    async *read() {
      for (let n = 0; n < 4; n++) {
        yield* noiseOf(2 * MiB, name + n)
        yield text
      }
    },
  }))
}
