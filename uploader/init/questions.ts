import type { AccountPlan, Detected } from '../engines/detector.ts'

/** What init has to know of the person who runs it. One implementation asks on a terminal, one assumes. */
export interface Questions {
  /** Which of these to back up. */
  which(found: readonly Detected[]): Promise<Detected[]>
  /** What to call the source. */
  nameOf(detected: Detected, suggested: string, taken: (name: string) => boolean): Promise<string>
  /** Whether these statements may be run. */
  mayMake(detected: Detected, plan: AccountPlan): Promise<boolean>
  /** After a login without one was refused; undefined where there is none. */
  passwordOf(administrator: string, detected: Detected): Promise<string | undefined>
}

/** Says yes to everything, for a script. */
export const assumed: Questions = {
  which: async found => [...found],
  nameOf: async (_, suggested) => suggested,
  mayMake: async () => true,
  passwordOf: async () => undefined,
}
