import type { Condition, Session, Source, Tenant, ToldNotice } from './answers.ts'
import type { ConsoleReceiver } from './receiver.ts'

/** All that the answer is made of, every page of every list: half of it would be no answer. */
export interface Everything {
  session: Session
  tenants: Tenant[]
  sources: Source[]
  conditions: Condition[]
  /** The last ones that were told, newest first. */
  notices: ToldNotice[]
  /** What the receiver's clock is ahead of this computer's, milliseconds. */
  ahead: number
  /** When the reading began, by the receiver's clock: epoch milliseconds. Nothing in it is older. */
  asOf: number
}

/** @param onSources told how many sources are read so far */
export async function readEverything(
  receiver: ConsoleReceiver,
  onSources: (count: number) => void,
  signal: AbortSignal,
): Promise<Everything> {
  const began = Date.now()
  const session = await receiver.session(signal)
  const ahead = Date.parse(session.now) - Date.now()
  const known: Everything = {
    session,
    tenants: [],
    sources: [],
    conditions: [],
    notices: [],
    ahead,
    asOf: began + ahead,
  }
  await Promise.all([tenants(), sources(), notices()])
  return known

  async function tenants() {
    for await (const page of receiver.pages('tenants', {}, signal)) known.tenants.push(...page.tenants)
  }
  async function sources() {
    for await (const page of receiver.pages('sources', {}, signal)) {
      known.sources.push(...page.sources)
      onSources(known.sources.length)
    }
  }
  async function notices() {
    for await (const page of receiver.pages('notices', {}, signal)) {
      known.conditions.push(...page.conditions)
      known.notices.push(...page.notices)
    }
  }
}
