import { z } from 'zod'
import { IndexLine } from '../../shared/manifest.ts'

/** What the journal says of an artefact with a resume key that is staged whole; sealed there (sealed-line.ts). */
export const KeptLine = z.object({ resumeKey: z.string(), line: IndexLine })
export type KeptLine = z.infer<typeof KeptLine>

/** Kept lines by resume key. */
export type Kept = ReadonlyMap<string, IndexLine>
