import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import type { UsageRow } from '../../../../../shared/api/usage.ts'
import type { BillLine } from '../../../../../shared/billing.ts'
import { numberFormat } from '../../words/intl.ts'
import { More } from './more.tsx'
import { Scrolling } from './scrolling.tsx'
import { useWords } from './use-console.ts'
import { useSome } from './use-some.ts'

/** A line for each customer, with its sources beneath when they are asked for, and the sum of all. */
export function UsageTable({
  lines,
  rows,
  customerOf,
}: {
  lines: BillLine[]
  rows: UsageRow[]
  customerOf(tenant: string): string
}) {
  const { texts } = useWords()
  const some = useSome(lines)
  const sources = useMemo(() => Map.groupBy(rows, ({ tenant }) => tenant), [rows])
  const said = texts.usage
  return (
    <>
      <Scrolling name={said.title}>
        <table class="usage">
          <thead>
            <tr>
              <th scope="col">{said.customer}</th>
              {[said.gbMonths, said.stored, said.peak, said.uploaded, said.downloaded, said.restores].map(head => (
                <th key={head} scope="col" class="number">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {some.shown.map(line => (
              <CustomerLines
                key={line.tenant}
                line={line}
                rows={sources.get(line.tenant) ?? []}
                customer={customerOf(line.tenant)}
              />
            ))}
          </tbody>
          <tfoot>
            <Line line={sumOf(lines)}>{said.total}</Line>
          </tfoot>
        </table>
      </Scrolling>
      <More next={some.next} onMore={some.showMore} />
    </>
  )
}

function CustomerLines({ line, rows, customer }: { line: BillLine; rows: UsageRow[]; customer: string }) {
  const { texts } = useWords()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Line line={line}>
        <button
          type="button"
          class="plain"
          aria-expanded={isOpen}
          aria-label={texts.usage.sourcesOf(customer)}
          onClick={() => setOpen(!isOpen)}
        >
          {customer}
        </button>
      </Line>
      {isOpen &&
        rows.map(row => (
          <Line key={row.source} line={row} of="source">
            {row.name}
          </Line>
        ))}
    </>
  )
}

function Line({ line, of, children }: { line: BillLine; of?: 'source'; children: ComponentChildren }) {
  const { format, locale } = useWords()
  const gbMonths = numberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 })
  return (
    <tr class={of}>
      <th scope="row">{children}</th>
      <td class="number">{gbMonths.format(line.gbMonths)}</td>
      <td class="number">{format.bytes(line.storedBytes)}</td>
      <td class="number">{format.bytes(line.peakBytes)}</td>
      <td class="number">{format.bytes(line.uploadedBytes)}</td>
      <td class="number">{format.bytes(line.downloadedBytes)}</td>
      <td class="number">{format.number(line.restores)}</td>
    </tr>
  )
}

function sumOf(lines: BillLine[]): BillLine {
  const sum = (figure: (line: BillLine) => number) => lines.reduce((total, line) => total + figure(line), 0)
  return {
    tenant: '',
    gbMonths: sum(({ gbMonths }) => gbMonths),
    storedBytes: sum(({ storedBytes }) => storedBytes),
    peakBytes: sum(({ peakBytes }) => peakBytes),
    uploadedBytes: sum(({ uploadedBytes }) => uploadedBytes),
    downloadedBytes: sum(({ downloadedBytes }) => downloadedBytes),
    snapshots: sum(({ snapshots }) => snapshots),
    restores: sum(({ restores }) => restores),
  }
}
