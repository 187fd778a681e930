import { useState } from 'preact/hooks'

const step = 100

/** The first hundred of many, then a hundred more of them each time. */
export function useSome<T>(all: readonly T[]) {
  const [most, setMost] = useState(step)
  return {
    shown: all.slice(0, most),
    /** How many the next step shows; none at the end. */
    next: Math.min(step, Math.max(0, all.length - most)),
    showMore: () => setMost(most + step),
    restart: () => setMost(step),
  }
}
