import type { Page } from 'playwright-core'

/** What somebody may look at. */
export interface State<Stage> {
  name: string
  /** Leads a fresh page into it. */
  reach(page: Page, stage: Stage): Promise<void>
}
