import { useEffect, useRef, useState } from 'preact/hooks'
import type { LinkInfo } from '../receiver/answers.ts'
import { Refused, Unreachable } from '../receiver/call.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { When } from './when.tsx'
import { useWords } from './words.tsx'

/** How long the link lives, and its end before that. @param left uses; null for no limit */
export function LinkPanel({
  link,
  left,
  receiver,
  onRevoked,
}: {
  link: LinkInfo
  left: number | null
  receiver: Receiver
  onRevoked(): void
}) {
  const { texts, format } = useWords()
  const limits = useLimits(link)
  return (
    <section class="link" aria-labelledby="link">
      <h2 id="link">{texts.link.title}</h2>
      <dl class="facts">
        <div>
          <dt>{texts.link.expires}</dt>
          <dd>
            <When time={Date.parse(link.expiresAt)} />
          </dd>
        </div>
        <div>
          <dt>{texts.link.left}</dt>
          <dd>{left === null ? texts.link.unlimited : format.number(left)}</dd>
        </div>
        {limits.length > 0 && (
          <div>
            <dt>{texts.link.limited}</dt>
            <dd>{format.list(limits)}</dd>
          </div>
        )}
      </dl>
      <Revoke receiver={receiver} onRevoked={onRevoked} />
    </section>
  )
}

function useLimits({ snapshots, units, since, until }: LinkInfo): string[] {
  const { texts, format, zone } = useWords()
  const limits: string[] = []
  if (snapshots) limits.push(texts.link.snapshots(snapshots.length))
  if (units) limits.push(texts.link.units(format.list(units.slice(0, 5))))
  if (since) limits.push(texts.link.since(format.exact(Date.parse(since), zone)))
  if (until) limits.push(texts.link.until(format.exact(Date.parse(until), zone)))
  return limits
}

function Revoke({ receiver, onRevoked }: { receiver: Receiver; onRevoked(): void }) {
  const { texts } = useWords()
  const [state, setState] = useState<'idle' | 'asking' | 'revoking' | 'failed'>('idle')
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (state === 'asking') keep.current?.focus()
  }, [state])
  const revoke = async () => {
    setState('revoking')
    try {
      await receiver.revoke()
      onRevoked()
    } catch (error) {
      if (error instanceof Refused && error.code === 'link-invalid') onRevoked()
      else if (error instanceof Refused || error instanceof Unreachable) setState('failed')
      else throw error
    }
  }
  if (state === 'idle')
    return (
      <button type="button" onClick={() => setState('asking')}>
        {texts.link.revoke}
      </button>
    )
  return (
    <div class="notice warning" role="alertdialog" aria-label={texts.link.revoke} aria-describedby="revoke-sure">
      <p id="revoke-sure">{texts.link.sure}</p>
      {state === 'failed' && (
        <p class="field-error" role="alert">
          {texts.link.failed}
        </p>
      )}
      <div class="buttons">
        <button type="button" ref={keep} onClick={() => setState('idle')}>
          {texts.link.no}
        </button>
        <button type="button" class="danger" disabled={state === 'revoking'} onClick={() => void revoke()}>
          {texts.link.yes}
        </button>
      </div>
    </div>
  )
}
