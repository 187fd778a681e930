import { z } from 'zod'

/**
 * One Domino partition: its notes.ini says where everything lies. `directory` takes the copy of each database for as long as it takes to seal it; it lies
 * outside of the data directory, and the user that Domino runs as writes there.
 */
export const Settings = z.strictObject({
  ini: z.string().min(1),
  /** Where the program files are; left out, `NotesProgram` of notes.ini says it. */
  program: z.string().min(1).optional(),
  directory: z.string().min(1),
  /** The login that Domino runs as, where failsafe runs as root. */
  user: z
    .string()
    .regex(/^[^\s:/]+$/, 'not a login')
    .optional(),
  /** Files below the data directory that are left out; `*` stays within a folder, `**` does not. */
  exclude: z.array(z.string().min(1)).default([]),
  /** Copies of databases that lie in `directory` at once: one is made while others are sealed. */
  parallel: z.number().int().min(1).max(8).default(2),
})

export type Settings = z.output<typeof Settings>
