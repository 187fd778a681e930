/** Waits for `work` until `milliseconds` have passed. For courtesies at the end of a run: they may fail, and must not hold it up. */
export async function briefly(work: Promise<unknown>, milliseconds: number): Promise<'done' | 'failed' | 'late'> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      work.then(
        () => 'done' as const,
        () => 'failed' as const,
      ),
      new Promise<'late'>(resolve => {
        timer = setTimeout(() => resolve('late'), milliseconds)
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
