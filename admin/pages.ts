import type { z } from 'zod'
import type { AdminReceiver } from './receiver.ts'

/**
 * Every page of a list, one after the other.
 * @param query parameters that are undefined are left out
 */
export async function* pagesOf<Page extends { next: string | null }>(
  receiver: Pick<AdminReceiver, 'call'>,
  path: string,
  schema: z.ZodType<Page>,
  query: Record<string, string | undefined> = {},
): AsyncGenerator<Page> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  for (let after: string | null | undefined; after !== null; ) {
    const parameters = new URLSearchParams([...given, ...(after === undefined ? [] : [['after', after]])])
    const page: Page = await receiver.call('GET', `${path}?${parameters}`, schema)
    yield page
    after = page.next
  }
}
