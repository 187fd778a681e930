import { useMemo, useState } from 'preact/hooks'
import { billCsv, byTenant, monthText } from '../../../../../shared/billing.ts'
import { saveBytes } from '../../saving/save-bytes.ts'
import { monthName, monthsBetween } from '../words/months.ts'
import { TroubleNotice } from './trouble-notice.tsx'
import { UsageTable } from './usage-table.tsx'
import { useWords } from './use-console.ts'
import { type Usage, useUsage } from './use-usage.ts'

/** What each customer stored and moved in a month, and its bill. @param current of the month that goes on */
export function UsageSection({
  current,
  since,
  customerOf,
}: {
  current: ReturnType<typeof useUsage>
  /** When there was something to measure first, epoch milliseconds. */
  since: number
  customerOf(tenant: string): string
}) {
  const { texts, locale, now } = useWords()
  const months = monthsBetween(Math.min(since, now), now)
  const [wanted, setMonth] = useState<string>()
  const month = wanted ?? months[0]!
  const isCurrent = month === (current.usage?.month ?? months[0])
  return (
    <section aria-labelledby="usage">
      <h2 id="usage">{texts.usage.title}</h2>
      <label class="month">
        {texts.usage.month}
        <select value={month} onChange={event => setMonth(event.currentTarget.value)}>
          {months.map(each => (
            <option key={each} value={each}>
              {monthName(locale, each)}
            </option>
          ))}
        </select>
      </label>
      <p class="muted">{texts.usage.why}</p>
      {isCurrent ? (
        <Month {...current} customerOf={customerOf} />
      ) : (
        <OtherMonth key={month} month={month} customerOf={customerOf} />
      )}
    </section>
  )
}

function OtherMonth({ month, customerOf }: { month: string; customerOf(tenant: string): string }) {
  return <Month {...useUsage(month)} customerOf={customerOf} />
}

function Month({
  usage,
  trouble,
  retry,
  customerOf,
}: ReturnType<typeof useUsage> & { customerOf(tenant: string): string }) {
  const { texts } = useWords()
  if (trouble) return <TroubleNotice trouble={trouble} onRetry={retry} />
  if (!usage) return <p role="status">{texts.usage.loading}</p>
  if (usage.rows.length === 0) return <p>{texts.usage.none}</p>
  return <Bill usage={usage} customerOf={customerOf} />
}

function Bill({ usage: { month, rows }, customerOf }: { usage: Usage; customerOf(tenant: string): string }) {
  const { texts } = useWords()
  const lines = useMemo(() => byTenant(rows), [rows])
  /** The very file that `failsafe-admin usage --csv` writes. */
  const save = (sources: boolean) => {
    const text = billCsv(monthText(month), sources ? rows : lines, { sources })
    saveBytes(`usage-${monthText(month)}${sources ? '-sources' : ''}.csv`, text, 'text/csv')
  }
  return (
    <>
      <UsageTable lines={lines} rows={rows} customerOf={customerOf} />
      <div class="buttons">
        <button type="button" onClick={() => save(false)}>
          {texts.usage.csvCustomers}
        </button>
        <button type="button" onClick={() => save(true)}>
          {texts.usage.csvSources}
        </button>
      </div>
    </>
  )
}
