import type { Windows } from './windows.ts'

/** What a job needs on the machine itself, outside of wine. */
export interface Beside {
  /** Where the job finds it. */
  env: Record<string, string>
  /** Looks at what the job has left. @returns a line for each thing that was shown. @throws where it is not as it has to be */
  check(windows: Windows): Promise<string[]>
  close(): Promise<void>
}
