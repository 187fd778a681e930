import { useMemo } from 'preact/hooks'
import type { Everything } from '../receiver/everything.ts'
import type { Survey } from '../survey/survey.ts'
import { AnswerHeading, type Trust } from './answer.tsx'
import { type Customer, Customers } from './customers.tsx'
import { SafeSources } from './safe-sources.tsx'
import { SessionPanel } from './session.tsx'
import { ToLookAt } from './to-look-at.tsx'
import { UsageSection } from './usage.tsx'
import { useUsage } from './use-usage.ts'

/** A console that was read whole at least once. */
export function Open({
  known,
  survey,
  trust,
  isReading,
  onRead,
}: {
  known: Everything
  survey: Survey
  trust: Trust
  isReading: boolean
  onRead(): void
}) {
  const current = useUsage(undefined)
  const names = useMemo(() => new Map(known.tenants.map(({ tenant, name }) => [tenant, name])), [known])
  const customerOf = (tenant: string) => names.get(tenant) ?? tenant
  const customers = useMemo(() => customersOf(known, survey, current.usage?.rows), [known, survey, current.usage])
  const first = known.tenants.reduce((since, { createdAt }) => Math.min(since, Date.parse(createdAt)), known.asOf)
  return (
    <>
      <AnswerHeading survey={survey} trust={trust} asOf={known.asOf} isReading={isReading} onRead={onRead} />
      <ToLookAt survey={survey} customerOf={customerOf} />
      {trust === 'good' && <SafeSources safe={survey.safe} />}
      <Customers customers={customers} />
      <UsageSection current={current} since={first} customerOf={customerOf} />
      <SessionPanel session={known.session} />
    </>
  )
}

/** Who has something to look at first, then by name. @param rows of usage; undefined while they are not known */
function customersOf(
  { tenants, sources }: Everything,
  { needs, others }: Survey,
  rows: { tenant: string; storedBytes: number }[] | undefined,
): Customer[] {
  const sourcesOf = Map.groupBy(sources, ({ tenant }) => tenant)
  const troubled = new Map<string | null, number>()
  const grave = others.filter(({ severity }) => severity !== 'info')
  for (const tenant of [...needs.map(({ source }) => source.tenant), ...grave.map(({ tenant }) => tenant)])
    troubled.set(tenant, (troubled.get(tenant) ?? 0) + 1)
  const stored = new Map<string, number>()
  for (const { tenant, storedBytes } of rows ?? []) stored.set(tenant, (stored.get(tenant) ?? 0) + storedBytes)
  const names = new Intl.Collator()
  return tenants
    .map(tenant => ({
      tenant,
      sources: sourcesOf.get(tenant.tenant) ?? [],
      needs: troubled.get(tenant.tenant) ?? 0,
      storedBytes: rows && (stored.get(tenant.tenant) ?? null),
    }))
    .sort((a, b) => b.needs - a.needs || names.compare(a.tenant.name, b.tenant.name))
}
