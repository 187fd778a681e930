import { useState } from 'preact/hooks'
import { type Bundle, makeBundle } from '../bundle/bundle.ts'
import type { Kept } from '../kept/kept.ts'
import type { LinkInfo } from '../receiver/answers.ts'
import { Unreachable } from '../receiver/call.ts'
import type { Choice, Receiver } from '../receiver/receiver.ts'
import { saveBytes } from '../saving/save-bytes.ts'
import { NoAnswer } from './no-answer.tsx'
import { UseNote } from './use-note.tsx'
import { useWords } from './words.tsx'

/** An archive to restore from elsewhere, with free programs alone. */
export function BundleWay({
  link,
  left,
  receiver,
  choice,
  kept,
  when,
  onUsed,
  onError,
}: {
  link: LinkInfo
  left: number | null
  receiver: Receiver
  choice: Choice
  kept: Kept
  /** The chosen moment in words. */
  when: string
  onUsed(): void
  onError(error: unknown): void
}) {
  const { texts, format, zone } = useWords()
  const [state, setState] = useState<{ kind: 'idle' | 'making' | 'unreachable' } | { kind: 'made'; bundle: Bundle }>({
    kind: 'idle',
  })
  const make = async () => {
    const idempotencyKey = kept.keyOf(choice)
    setState({ kind: 'making' })
    try {
      const expires = format.exact(Date.parse(link.expiresAt), zone)
      const bundle = await makeBundle(
        receiver,
        { source: link.source, choice, idempotencyKey, passcode: link.passcode },
        {
          sourceName: link.sourceName,
          origin: location.origin,
          readme: texts.readme({ source: link.sourceName, when, expires }),
          now: Date.now(),
        },
      )
      kept.grant(idempotencyKey)
      onUsed()
      saveBytes(bundle.name, bundle.content, 'application/x-tar')
      setState({ kind: 'made', bundle })
    } catch (error) {
      setState({ kind: error instanceof Unreachable ? 'unreachable' : 'idle' })
      if (!(error instanceof Unreachable)) onError(error)
    }
  }
  return (
    <details name="way">
      <summary>
        <h3>{texts.ways.bundle}</h3>
        <p>{texts.ways.bundleWhy}</p>
      </summary>
      <p>{texts.ways.bundleProof}</p>
      <UseNote left={left} granted={kept.isGranted(choice)} />
      {state.kind === 'unreachable' && <NoAnswer />}
      <button type="button" class="primary" disabled={state.kind === 'making'} onClick={() => void make()}>
        {texts.ways.bundleMake}
      </button>
      <p role="status">
        {state.kind === 'making' && texts.ways.bundleMaking}
        {state.kind === 'made' &&
          texts.ways.bundleDone(state.bundle.name, format.exact(Date.parse(state.bundle.expiresAt), zone))}
      </p>
    </details>
  )
}
