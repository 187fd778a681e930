import pLimit from 'p-limit'

/** Thrown where the time of one request is used up; the work goes on when the agent asks again. */
export class Unfinished extends Error {}

/** A commit answers within this, and goes on with the next request. */
export const commitSeconds = 20
const concurrency = 16

/** Runs `work` on every item, a few at a time; begins none past `deadline`. Whatever fails, what has begun is waited for. */
export async function forEach<T, R>(
  items: T[],
  { clock, deadline }: { clock: () => Date; deadline: number },
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const limit = pLimit(concurrency)
  const results = await Promise.allSettled(
    items.map(item =>
      limit(() => {
        if (clock().getTime() > deadline) throw new Unfinished()
        return work(item)
      }),
    ),
  )
  const failures = results.filter(result => result.status === 'rejected').map(({ reason }) => reason)
  const failure = failures.find(reason => !(reason instanceof Unfinished)) ?? failures[0]
  if (failure !== undefined) throw failure
  return results.map(result => (result as PromiseFulfilledResult<R>).value)
}
