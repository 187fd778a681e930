import { useEffect, useState } from 'preact/hooks'
import type { LinkUses } from '../receiver/answers.ts'
import { isAborted } from '../receiver/call.ts'
import type { KnownPlan } from '../receiver/plan.ts'
import type { Receiver } from '../receiver/receiver.ts'
import type { Opened } from '../ways/restoring.ts'
import { sumsOf } from '../ways/sums.ts'
import { Code } from './copy.tsx'
import { troubleOf } from './trouble.ts'
import { Exact, When } from './when.tsx'
import { useWords } from './words.tsx'

/** Lines of hashes that are shown; a browser should not lay out a million. */
const sumsShown = 2000

/** Who made it, what was checked, and who used the link. */
export function ProofPanel({
  receiver,
  plan,
  opened,
}: {
  receiver: Receiver
  plan: KnownPlan | null
  opened: Opened | null
}) {
  const { texts } = useWords()
  return (
    <section class="proof" aria-labelledby="proof">
      <h2 id="proof">{texts.proof.title}</h2>
      <dl>
        <dt>{texts.proof.signers}</dt>
        <dd>
          {opened ? (
            <ul>
              {opened.signers.map(({ agent, fingerprint, proven }) => (
                <li key={fingerprint}>
                  <code>{fingerprint}</code> ({agent}):{' '}
                  <span class={proven ? 'good' : 'bad'}>
                    <span aria-hidden="true">{proven ? '✓ ' : '✗ '}</span>
                    {proven ? texts.proof.vouched : texts.proof.notVouched}
                  </span>
                </li>
              ))}
            </ul>
          ) : (
            texts.proof.signersLater
          )}
        </dd>
        <dt>{texts.proof.checks}</dt>
        <dd>
          <LastCheck plan={plan} />
        </dd>
        <dt>{texts.proof.hashes}</dt>
        <dd>
          {texts.proof.hashesWhy}
          {opened && (
            <details>
              <summary>sha256sum -c</summary>
              <Code name="sha256sum -c" text={sumsOf(opened.artefacts.slice(0, sumsShown))} />
            </details>
          )}
        </dd>
        {plan && (
          <>
            <dt>{texts.proof.snapshots}</dt>
            <dd>
              <details>
                <summary>{plan.snapshots.at(-1)?.snapshot}</summary>
                <ol>
                  {plan.snapshots.slice(0, 500).map(({ snapshot, kind }) => (
                    <li key={snapshot}>
                      <code>{snapshot}</code> {texts.chain.kinds[kind]}
                    </li>
                  ))}
                </ol>
              </details>
            </dd>
          </>
        )}
        <dt>{texts.proof.uses}</dt>
        <dd>
          <Uses receiver={receiver} last={opened?.restoreManifest} />
        </dd>
      </dl>
    </section>
  )
}

function LastCheck({ plan }: { plan: KnownPlan | null }) {
  const { texts } = useWords()
  const proofs = (plan?.snapshots ?? []).flatMap(({ proof }) => proof ?? [])
  const last = proofs.sort((a, b) => Date.parse(b.recordedAt) - Date.parse(a.recordedAt))[0]
  if (!last) return <>{texts.proof.noChecks}</>
  const { method, level, outcome, recordedAt } = last
  return (
    <>
      <span class={outcome === 'passed' ? 'good' : 'bad'}>
        {texts.proof.check(
          texts.proof.methods[method] ?? method,
          texts.proof.levels[level] ?? level,
          texts.proof.outcomes[outcome] ?? outcome,
        )}
      </span>
      , <When time={Date.parse(recordedAt)} />
    </>
  )
}

/**
 * The receiver's audit of this link. Where it cannot be read, that is said here and the page goes on.
 * @param last use that the page itself made, which the audit then has too
 */
function Uses({ receiver, last }: { receiver: Receiver; last: string | undefined }) {
  const { texts, format, zone, provider } = useWords()
  const [state, setState] = useState<LinkUses | 'loading' | 'failed'>('loading')
  useEffect(() => {
    const controller = new AbortController()
    receiver.uses(controller.signal).then(setState, error => {
      if (isAborted(error)) return
      troubleOf(error)
      setState('failed')
    })
    return () => controller.abort()
  }, [receiver, last])
  const whatWords = (what: string) => {
    if (what === 'latest') return texts.proof.latest
    const time = Date.parse(what)
    return Number.isNaN(time)
      ? texts.proof.snapshot(what)
      : texts.proof.moment(format.exact(time, zone, { seconds: true }))
  }
  if (state === 'loading') return <>…</>
  if (state === 'failed') return <>{texts.unreachable.title}</>
  return (
    <>
      <p>
        {texts.proof.made(state.createdBy === 'provider' ? provider : state.createdBy.replace('agent:', ''))},{' '}
        <Exact time={Date.parse(state.createdAt)} />
      </p>
      {state.uses.length === 0 && <p>{texts.proof.noUses}</p>}
      <ul>
        {state.uses.map(({ at, address, what, snapshots }) => (
          <li key={at}>
            <Exact time={Date.parse(at)} />:{' '}
            {texts.proof.use(whatWords(what), address ?? texts.proof.unknown, snapshots)}
          </li>
        ))}
      </ul>
      {!state.complete && <p class="muted">{texts.proof.incomplete}</p>}
    </>
  )
}
