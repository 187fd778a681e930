import type { KnownPlan } from '../receiver/plan.ts'
import { estimate } from '../ways/speed.ts'
import { useWords } from './words.tsx'

/** What a download takes, before it is begun. @param measured bytes in a second, once something was fetched */
export function Before({ plan, measured }: { plan: KnownPlan | null; measured: number | null }) {
  const { texts, format, provider } = useWords()
  if (!plan) return null
  const { bytes, sourceBytes, artefacts, egressCost, next, snapshots } = plan
  const soFar = (text: string) => (next === null ? text : texts.before.counting(text))
  const time = estimate(bytes, measured)
  const versions = [...new Set(snapshots.map(({ engineVersion }) => engineVersion).filter(version => version !== null))]
  const agents = [...new Set(snapshots.map(({ agent }) => agent))]
  return (
    <section class="before" aria-labelledby="before">
      <h2 id="before">{texts.before.title}</h2>
      <dl class="facts">
        <div>
          <dt>{texts.before.download}</dt>
          <dd>{format.bytes(bytes)}</dd>
        </div>
        <div>
          <dt>{texts.before.content}</dt>
          <dd>{soFar(format.bytes(sourceBytes))}</dd>
        </div>
        <div>
          <dt>{texts.before.files}</dt>
          <dd>{soFar(format.number(artefacts))}</dd>
        </div>
        <div>
          <dt>{texts.before.time}</dt>
          <dd>
            {time.kind === 'measured'
              ? texts.before.measured(format.duration(time.seconds), format.bytes(time.bytesPerSecond))
              : texts.before.assumed(format.duration(time.slow), format.duration(time.fast))}
          </dd>
        </div>
        <div>
          <dt>{texts.before.cost(provider)}</dt>
          <dd>
            {format.money(egressCost.amount, egressCost.currency)} <span class="muted">({texts.before.costNote})</span>
          </dd>
        </div>
        {versions.length > 0 && (
          <div>
            <dt>{texts.before.version}</dt>
            <dd>{format.list(versions)}</dd>
          </div>
        )}
        <div class="wide">
          <dt>{texts.before.machine}</dt>
          <dd>
            <code>{format.list(agents)}</code>
          </dd>
        </div>
      </dl>
    </section>
  )
}
