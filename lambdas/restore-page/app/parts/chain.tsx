import { useState } from 'preact/hooks'
import { fold } from '../moments/chain.ts'
import type { PlannedSnapshot } from '../receiver/answers.ts'
import type { KnownPlan } from '../receiver/plan.ts'
import { Exact } from './when.tsx'
import { useWords } from './words.tsx'

/** Rows at most, however many there are: a table of ten thousand helps nobody. */
const most = 500

/** The backups that lead to the chosen moment, in the order they are applied. @param busy while those of another moment are worked out */
export function Chain({ plan, busy }: { plan: KnownPlan | null; busy: boolean }) {
  const { texts, format } = useWords()
  const [open, setOpen] = useState(false)
  if (!plan)
    return (
      <section class="chain" aria-labelledby="chain">
        <h2 id="chain">{texts.chain.title}</h2>
        <p role="status">{texts.chain.loading}</p>
      </section>
    )
  const { head, hidden, tail } = fold(plan.snapshots, open ? most : 7)
  const unread = plan.count - plan.snapshots.length
  return (
    <section class="chain" aria-labelledby="chain" aria-busy={busy}>
      <h2 id="chain">{texts.chain.title}</h2>
      <p>{plan.count > 1 && texts.chain.of(format.number(plan.count))}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="scrolling" tabIndex={0} aria-label={texts.chain.of(format.number(plan.count))}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.chain.kind}</th>
              <th scope="col">{texts.chain.received}</th>
              <th scope="col" class="number">
                {texts.chain.size}
              </th>
              <th scope="col">{texts.chain.proof}</th>
              <th scope="col">{texts.chain.locked}</th>
            </tr>
          </thead>
          <tbody>
            {head.map(snapshot => (
              <Row key={snapshot.snapshot} snapshot={snapshot} />
            ))}
            {hidden + unread > 0 && (
              <tr class="folded">
                <td colSpan={5}>
                  {texts.chain.hidden(format.number(hidden + unread))}{' '}
                  {!open && (
                    <button type="button" class="plain" onClick={() => setOpen(true)}>
                      {texts.chain.show}
                    </button>
                  )}
                </td>
              </tr>
            )}
            {tail.map(snapshot => (
              <Row key={snapshot.snapshot} snapshot={snapshot} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function Row({
  snapshot: { kind, receivedAt, sealedBytes, proof, doubtful, lockedUntil },
}: {
  snapshot: PlannedSnapshot
}) {
  const { texts, format, zone } = useWords()
  const proven = proof?.outcome === 'passed' && !doubtful
  return (
    <tr>
      <th scope="row">{texts.chain.kinds[kind] ?? kind}</th>
      <td>
        <Exact time={Date.parse(receivedAt)} />
      </td>
      <td class="number">{format.bytes(sealedBytes)}</td>
      <td class={doubtful ? 'bad' : proven ? 'good' : undefined}>
        <span aria-hidden="true">{doubtful ? '✗ ' : '✓ '}</span>
        {doubtful ? texts.chain.doubtful : proven ? texts.chain.proven : texts.chain.stored}
      </td>
      <td>{format.date(Date.parse(lockedUntil), zone)}</td>
    </tr>
  )
}
