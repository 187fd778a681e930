import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Condition, Source, Tenant, ToldNotice } from '../../lambdas/restore-page/app/console/receiver/answers.ts'
import type { Everything } from '../../lambdas/restore-page/app/console/receiver/everything.ts'
import { answerOf } from '../../lambdas/restore-page/app/console/survey/answer.ts'
import { surveyOf } from '../../lambdas/restore-page/app/console/survey/survey.ts'
import { NoticeKind } from '../../shared/notice.ts'

const now = Date.parse('2026-11-29T08:12:00Z')
const hoursAgo = (hours: number) => new Date(now - hours * 3_600_000).toISOString()

function tenantOf(tenant: string, changed: Partial<Tenant> = {}): Tenant {
  return {
    ...{ tenant, name: `The ${tenant}`, createdAt: hoursAgo(1000), state: 'active', minimumDays: 30, suspended: null },
    ...changed,
  } as Tenant
}

/** One that is safe. */
function sourceOf(source: string, changed: Partial<Source> = {}): Source {
  return {
    ...{ tenant: 'acme', source, name: `${source}-name`, engine: 'mysql', agent: `acme.${source}`, agentName: 'db 1' },
    ...{
      lastSeen: hoursAgo(0.1),
      lastSnapshot: `${source}.1`,
      lastReceivedAt: hoursAgo(6),
      nextExpected: hoursAgo(-18),
    },
    open: [],
    ...changed,
  } as Source
}

function conditionOf(kind: Condition['kind'], changed: Partial<Condition> = {}): Condition {
  return {
    ...{ tenant: 'acme', kind, mode: null, subject: { type: 'source', id: 'A', name: 'A-name' }, severity: 'critical' },
    ...{ text: `it is ${kind}`, since: hoursAgo(2) },
    ...changed,
  } as Condition
}

function eventOf(kind: ToldNotice['kind'], changed: Partial<ToldNotice> = {}): ToldNotice {
  return {
    ...{ format: 'failsafe.notice/1', id: `${kind}-1`, at: hoursAgo(10), receiver: 'r', tenant: 'acme', kind },
    ...{
      state: 'event',
      severity: 'warning',
      subject: { type: 'source', id: 'A', name: 'A-name' },
      text: 'so',
      waiting: false,
    },
    ...changed,
  } as ToldNotice
}

function everythingOf(part: Partial<Everything>): Everything {
  const session = {} as Everything['session']
  return {
    session,
    tenants: [tenantOf('acme')],
    sources: [],
    conditions: [],
    notices: [],
    ahead: 0,
    asOf: now,
    ...part,
  }
}

const survey = (part: Partial<Everything>) => surveyOf(everythingOf(part), now)
const answer = (part: Partial<Everything>) => answerOf(survey(part))
const open = (kind: Condition['kind'], since = hoursAgo(2), mode: string | null = null) => ({ kind, mode, since })
const orderOf = (sources: Source[]) => survey({ sources }).needs.map(({ source }) => source.source)

describe('the answer', () => {
  it('is that all are safe only where of each a backup is there, the next is expected and nothing is open', () => {
    const sources = [sourceOf('A'), sourceOf('B', { tenant: 'zeta' })]
    expect(answer({ tenants: [tenantOf('acme'), tenantOf('zeta')], sources })).toEqual({
      kind: 'safe',
      sources: 2,
      customers: 2,
    })
    expect(answer({})).toEqual({ kind: 'nothing' })
  })

  it('is never that, whatever is critical or a warning, and wherever it is open', () => {
    const severity = fc.constantFrom('critical' as const, 'warning' as const)
    const subject = fc.record({
      type: fc.constantFrom('source' as const, 'agent' as const, 'tenant' as const, 'webhook' as const),
      id: fc.constantFrom('A', 'acme.A', 'acme', 'gone'),
      name: fc.constant('n'),
    })
    const tenant = fc.constantFrom('acme', null, 'gone')
    fc.assert(
      fc.property(
        fc.constantFrom(...NoticeKind.options),
        severity,
        subject,
        tenant,
        (kind, severity, subject, tenant) => {
          const conditions = [conditionOf(kind, { severity, subject, tenant })]
          const found = survey({ sources: [sourceOf('A'), sourceOf('B')], conditions })
          expect(answerOf(found).kind).toBe('needs')
          // and it can be seen
          const texts = [
            ...found.needs.flatMap(({ findings }) => findings.map(({ text }) => text)),
            ...found.others.map(({ text }) => text),
          ]
          expect(texts).toContain(`it is ${kind}`)
        },
      ),
    )
  })

  it('counts what belongs to no source apart', () => {
    const webhook = { type: 'webhook' as const, id: 'W', name: 'hooks.example.net' }
    const conditions = [
      conditionOf('webhook-failing', { tenant: null, subject: webhook, severity: 'warning' }),
      conditionOf('quota-hard', { subject: { type: 'tenant', id: 'acme', name: 'acme' } }),
    ]
    expect(answer({ sources: [sourceOf('A')], conditions })).toEqual({ kind: 'needs', needs: 0, sources: 1, others: 2 })
  })

  it('is safe beside what is only for information, which is shown', () => {
    const conditions = [
      conditionOf('key-rotated', { severity: 'info', subject: { type: 'agent', id: 'gone', name: 'x' } }),
    ]
    expect(answer({ sources: [sourceOf('A')], conditions }).kind).toBe('safe')
    expect(survey({ sources: [sourceOf('A')], conditions }).others).toHaveLength(1)
  })
})

describe('a source', () => {
  it('needs somebody by what either list says of it or of its host, and each thing is said once', () => {
    const silent = conditionOf('agent-silent', { subject: { type: 'agent', id: 'acme.A', name: 'db 1' } })
    const failing = conditionOf('run-failing')
    const known = survey({ sources: [sourceOf('A', { open: [open('agent-silent')] })], conditions: [silent, failing] })
    expect(known.needs[0]!.findings).toEqual([
      expect.objectContaining({ kind: 'agent-silent', text: 'it is agent-silent', severity: 'critical' }),
      expect.objectContaining({ kind: 'run-failing', text: 'it is run-failing' }),
    ])
    // read a moment before it was raised, and a moment after
    expect(survey({ sources: [sourceOf('A')], conditions: [failing] }).needs).toHaveLength(1)
    expect(survey({ sources: [sourceOf('A', { open: [open('run-missed')] })] }).needs[0]!.findings).toEqual([
      { ...open('run-missed'), severity: 'critical', text: null },
    ])
  })

  it('may be late with two modes at once', () => {
    const late = [open('run-late', hoursAgo(9), 'full'), open('run-late', hoursAgo(1), 'log')]
    expect(survey({ sources: [sourceOf('A', { open: late })] }).needs[0]!.findings.map(({ mode }) => mode)).toEqual([
      'full',
      'log',
    ])
  })

  it('is neither wrong nor safe where nothing was received, its customer is suspended, or nobody would miss it', () => {
    const suspended = tenantOf('zeta', { state: 'suspended', suspended: { at: hoursAgo(5), reason: null } })
    const sources = [
      sourceOf('A', { lastSnapshot: null, lastReceivedAt: null, nextExpected: null }),
      sourceOf('B', { tenant: 'zeta' }),
      sourceOf('C', { nextExpected: null }),
      sourceOf('D', { lastSnapshot: null, lastReceivedAt: null }),
      sourceOf('E'),
    ]
    const found = survey({ tenants: [tenantOf('acme'), suspended], sources })
    expect(new Map(found.quiet.map(({ source, state }) => [source.source, state]))).toEqual(
      new Map([
        ['A', 'never'],
        ['B', 'suspended'],
        ['C', 'unwatched'],
        ['D', 'never'],
      ]),
    )
    expect(answerOf(found)).toEqual({ kind: 'quiet', safe: 1, sources: 5 })
  })

  it('whose run is overdue for a day without a word is not safe: the watchdog may stand still', () => {
    const due = (hours: number, changed: Partial<Source> = {}) =>
      sourceOf('A', { nextExpected: hoursAgo(hours), ...changed })
    expect(answer({ sources: [due(23)] }).kind).toBe('safe')
    expect(survey({ sources: [due(25)] }).needs[0]!.findings).toMatchObject([
      { kind: 'overlooked', severity: 'warning' },
    ])
    const told = survey({ sources: [due(25, { open: [open('run-missed')] })] })
    expect(told.needs[0]!.findings.map(({ kind }) => kind)).toEqual(['run-missed'])
    const suspended = tenantOf('acme', { state: 'suspended', suspended: { at: hoursAgo(99), reason: null } })
    expect(survey({ tenants: [suspended], sources: [due(25)] }).quiet).toHaveLength(1)
  })

  it('of which a check found an older backup unreadable in the last three days needs somebody', () => {
    const sources = [sourceOf('A')]
    const failed = (hours: number) => [eventOf('proof-failed', { severity: 'critical', at: hoursAgo(hours) })]
    const found = survey({ sources, notices: failed(70) })
    expect(found.needs[0]!.findings).toMatchObject([{ kind: 'proof-failed', severity: 'critical', text: 'so' }])
    expect(found.events).toEqual([])
    expect(answer({ sources, notices: failed(73) }).kind).toBe('safe')
  })
})

describe('the order', () => {
  it('is: the longest silence, missed, late, failing, doubtful, and then the rest', () => {
    const sources = [
      sourceOf('size', { open: [open('size-odd')] }),
      sourceOf('stuck', { open: [open('commit-stuck')] }),
      sourceOf('chain', { open: [open('chain-broken')] }),
      sourceOf('proof', { open: [open('proof-failed')] }),
      sourceOf('failing', { open: [open('run-failing')] }),
      sourceOf('late', { open: [open('run-late')] }),
      sourceOf('missed', { open: [open('run-late', hoursAgo(30)), open('run-missed')] }),
      sourceOf('silent-short', { lastSeen: hoursAgo(30), open: [open('agent-silent', hoursAgo(5))] }),
      sourceOf('silent-long', { lastSeen: hoursAgo(90), open: [open('agent-silent', hoursAgo(1))] }),
      sourceOf('silent-ever', { lastSeen: null, open: [open('agent-silent', hoursAgo(1))] }),
    ]
    expect(orderOf(sources)).toEqual([
      ...['silent-ever', 'silent-long', 'silent-short', 'missed', 'late', 'failing', 'proof', 'chain', 'stuck', 'size'],
    ])
  })

  it('is by how long it is so, where the same is wrong', () => {
    const late = (source: string, hours: number) => sourceOf(source, { open: [open('run-late', hoursAgo(hours))] })
    expect(orderOf([late('A', 1), late('B', 20), late('C', 3)])).toEqual(['B', 'C', 'A'])
  })
})

describe('what happened lately', () => {
  it('is shown for three days where it is more than information, and does not change the answer', () => {
    const notices = [
      eventOf('schedule-weakened'),
      eventOf('recipients-changed', { at: hoursAgo(80) }),
      eventOf('key-rotated', { severity: 'info' }),
      eventOf('run-late', { state: 'raised' }),
    ]
    const found = survey({ sources: [sourceOf('A')], notices })
    expect(found.events.map(({ kind }) => kind)).toEqual(['schedule-weakened'])
    expect(answerOf(found).kind).toBe('safe')
  })
})

it('five thousand sources are surveyed in less time than a blink', () => {
  const sources = Array.from({ length: 5000 }, (_, i) => sourceOf(`S${i}`, { tenant: `t${i % 300}` }))
  const tenants = Array.from({ length: 300 }, (_, i) => tenantOf(`t${i}`))
  const started = performance.now()
  expect(survey({ tenants, sources }).safe).toHaveLength(5000)
  expect(performance.now() - started).toBeLessThan(400)
})
