import type { Condition, Source, Tenant, ToldNotice } from '../receiver/answers.ts'
import type { Everything } from '../receiver/everything.ts'
import { type Finding, findingOf, findingOfCondition, findingOfEvent, keyOf, rankOf } from './finding.ts'

const day = 86_400_000
/** The longest grace of a run is six hours, and its spread as long. */
const overlookedAfter = day
/** The receiver keeps no account of whether an event was dealt with: for so long it is shown. */
const eventsShown = 3 * day

/**
 * - `needs`: something is wrong that a person has to look at
 * - `never`: nothing was ever received of it, and nothing is wrong yet
 * - `suspended`: its customer is, so that nothing comes and nothing is expected
 * - `unwatched`: no backup of it is expected, so that nobody would miss one
 * - `safe`: a backup is there, the next one is expected, and nothing is wrong
 */
export type State = 'needs' | QuietState | 'safe'
/** Neither wrong nor safe. */
export type QuietState = 'never' | 'suspended' | 'unwatched'

/** Where a source stands. */
export interface Standing<In extends State = State> {
  source: Source
  /** What people call its tenant. */
  customer: string
  state: In
  /** The one to look at first is first. */
  findings: Finding[]
}

export interface Survey {
  sources: number
  /** That have sources. */
  customers: number
  /** In the order in which somebody should look at them. */
  needs: Standing[]
  quiet: Standing<QuietState>[]
  safe: Standing[]
  /** What is open and belongs to no source that is listed: the receiver itself, a customer, a webhook, a host without sources. */
  others: Condition[]
  /** What happened lately, is not open, and should be read. */
  events: ToldNotice[]
}

/** @param now by the receiver's clock, epoch milliseconds */
export function surveyOf({ tenants, sources, conditions, notices }: Everything, now: number): Survey {
  const byId = new Map(tenants.map(tenant => [tenant.tenant, tenant]))
  const listed = new Set(sources.flatMap(({ source, agent }) => [source, agent]))
  const isListed = ({ subject }: Pick<Condition, 'subject'>) => listed.has(subject.id)
  const events = notices.filter(
    ({ state, severity, at }) => state === 'event' && severity !== 'info' && now - Date.parse(at) < eventsShown,
  )
  const grave = events.filter(event => event.severity === 'critical' && isListed(event))
  const found = new Map<string, Finding[]>()
  const add = (subject: string, finding: Finding) => found.set(subject, [...(found.get(subject) ?? []), finding])
  for (const condition of conditions) if (isListed(condition)) add(condition.subject.id, findingOfCondition(condition))
  for (const event of grave) add(event.subject.id, findingOfEvent(event))

  const standings = sources.map(source => standingOf(source, byId.get(source.tenant), found, now))
  const having = <In extends State>(...states: In[]) =>
    standings.filter((standing): standing is Standing<In> => (states as State[]).includes(standing.state))
  return {
    sources: sources.length,
    customers: new Set(sources.map(({ tenant }) => tenant)).size,
    needs: having('needs').sort(byUrgency),
    quiet: having('never', 'unwatched', 'suspended').sort(byName),
    safe: having('safe').sort(byName),
    others: conditions.filter(condition => !isListed(condition)).sort((a, b) => rankOf(a) - rankOf(b)),
    events: events.filter(event => !grave.includes(event)),
  }
}

function standingOf(source: Source, tenant: Tenant | undefined, found: Map<string, Finding[]>, now: number): Standing {
  // the lists are read one beside the other: what either of them knows counts
  const findings = new Map<string, Finding>()
  for (const open of source.open) findings.set(keyOf(open), findingOf(open))
  for (const subject of [source.source, source.agent])
    for (const finding of found.get(subject) ?? []) findings.set(keyOf(finding), finding)
  const suspended = tenant?.state === 'suspended'
  if (!suspended && isOverlooked(source, [...findings.values()], now))
    findings.set('overlooked', {
      kind: 'overlooked',
      mode: null,
      since: source.nextExpected!,
      severity: 'warning',
      text: null,
    })
  const sorted = [...findings.values()].sort((a, b) => rankOf(a) - rankOf(b) || timeOf(a) - timeOf(b))
  const standing = { source, customer: tenant?.name ?? source.tenant, findings: sorted }
  if (sorted.some(({ severity }) => severity !== 'info')) return { ...standing, state: 'needs' }
  if (suspended) return { ...standing, state: 'suspended' }
  if (source.lastSnapshot === null) return { ...standing, state: 'never' }
  return { ...standing, state: source.nextExpected === null ? 'unwatched' : 'safe' }
}

function isOverlooked({ nextExpected }: Source, findings: Finding[], now: number): boolean {
  if (nextExpected === null || now - Date.parse(nextExpected) < overlookedAfter) return false
  return !findings.some(({ kind }) => kind === 'run-late' || kind === 'run-missed' || kind === 'run-failing')
}

/** Of hosts that are silent, the longest silence first; of all else, what has been so for longest. */
function byUrgency(a: Standing, b: Standing): number {
  const [first, second] = [a.findings[0]!, b.findings[0]!]
  const rank = rankOf(first) - rankOf(second)
  if (rank !== 0) return rank
  const silence = first.kind === 'agent-silent' ? lastCall(a) - lastCall(b) : 0
  return silence || timeOf(first) - timeOf(second) || byName(a, b)
}

/** Kept: one for each comparison takes a hundred times as long. */
const names = new Intl.Collator()

function byName(a: Standing, b: Standing): number {
  return names.compare(a.customer, b.customer) || names.compare(a.source.name, b.source.name)
}

const timeOf = ({ since }: Finding) => Date.parse(since)
const lastCall = ({ source }: Standing) => (source.lastSeen === null ? 0 : Date.parse(source.lastSeen))
