import { z } from 'zod'

/** What the index yields: where the item lies, and when it was due. The item is read again before anything is done. */
export const DueItem = z.object({ PK: z.string(), SK: z.string(), gsk: z.string() })
export type DueItem = z.infer<typeof DueItem>
