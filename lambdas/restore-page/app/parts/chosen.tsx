import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Kept } from '../kept/kept.ts'
import type { LinkInfo } from '../receiver/answers.ts'
import type { History } from '../receiver/history.ts'
import type { KnownPlan } from '../receiver/plan.ts'
import type { Choice, Receiver } from '../receiver/receiver.ts'
import type { Saving } from '../ways/restoring.ts'
import { Before } from './before.tsx'
import { BrowserWay } from './browser-way.tsx'
import { BundleWay } from './bundle-way.tsx'
import { Chain } from './chain.tsx'
import { CommandWay } from './command-way.tsx'
import { NoAnswer } from './no-answer.tsx'
import { Notice } from './notice.tsx'
import { ProofPanel } from './proof-panel.tsx'
import { Steps } from './steps.tsx'
import { usePlan } from './use-plan.ts'
import type { UsedRestoring } from './use-restoring.ts'
import { useWords } from './words.tsx'

/** A moment that can be restored: what it takes, the ways to do it, and what to do then. */
export function Chosen({
  link,
  left,
  receiver,
  restoring,
  saving,
  history,
  choice,
  kept,
  time,
  onUsed,
  onError,
}: {
  link: LinkInfo
  /** Uses; null for no limit. */
  left: number | null
  receiver: Receiver
  restoring: UsedRestoring
  saving: Saving
  history: History
  choice: Choice
  kept: Kept
  time: number
  /** A use of the link was counted. */
  onUsed(): void
  onError(error: unknown): void
}) {
  const { texts, format, zone } = useWords()
  const state = usePlan(receiver, link.source, choice, onError)
  // while another moment is worked out the former one stays, so that nothing jumps under a point that is dragged
  const [plan, setPlan] = useState<KnownPlan | null>(null)
  const known = state.kind === 'known' ? state.plan : null
  useEffect(() => {
    if (known) setPlan(known)
  }, [known])
  const physical = useMemo(
    () => history.snapshots.some(({ units }) => units.some(({ info }) => info?.program !== undefined)),
    [history],
  )
  const busy = state.kind === 'working'
  const { opened, measured } = restoring
  // most of the page, and all of it as it was while a point is dragged
  const about = useMemo(
    () => ({
      plan: (
        <>
          <Chain plan={plan} busy={busy} />
          <Before plan={plan} measured={measured} />
        </>
      ),
      proof: <ProofPanel receiver={receiver} plan={plan} opened={opened} />,
    }),
    [plan, busy, measured, receiver, opened],
  )
  if (state.kind === 'impossible')
    return (
      <Notice kind="warning" title={texts.gap.title} urgent>
        {state.why && <p>{state.why}</p>}
      </Notice>
    )
  const when = format.exact(time, zone, { seconds: true })
  return (
    <>
      {state.kind === 'unreachable' && <NoAnswer onRetry={state.retry} />}
      {about.plan}
      <section class="ways" aria-labelledby="ways">
        <h2 id="ways">{texts.ways.title}</h2>
        <CommandWay choice={choice} />
        <BrowserWay restoring={restoring} saving={saving} left={left} granted={kept.isGranted(choice)} />
        <BundleWay
          link={link}
          left={left}
          receiver={receiver}
          choice={choice}
          kept={kept}
          when={when}
          onUsed={onUsed}
          onError={onError}
        />
      </section>
      <Steps link={link} plan={plan} opened={opened} physical={physical} when={when} />
      {about.proof}
    </>
  )
}
