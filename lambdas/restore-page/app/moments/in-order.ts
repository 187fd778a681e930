/** Index of the first item that `is` holds for, and then for all behind it; their number where it holds for none. */
export function firstThat<T>(items: readonly T[], is: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (is(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

/** Index of the first item at or after a time. */
export function firstFrom(items: readonly { time: number }[], time: number): number {
  return firstThat(items, item => item.time >= time)
}
