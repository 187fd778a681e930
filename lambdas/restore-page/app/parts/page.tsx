import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Kept } from '../kept/kept.ts'
import type { LinkInfo } from '../receiver/answers.ts'
import { isAborted } from '../receiver/call.ts'
import { Receiver } from '../receiver/receiver.ts'
import { languages } from '../texts/languages.ts'
import type { Restoring, Saving } from '../ways/restoring.ts'
import { About } from './about.tsx'
import { Frame, Message } from './frame.tsx'
import { Ready } from './ready.tsx'
import { type Trouble, troubleOf } from './trouble.ts'
import { Troubled } from './troubled.tsx'
import { useReader, useTitle } from './use-reader.ts'
import { type Brand, WordsContext } from './words.tsx'

/** What the page does not do itself. */
export interface Ports {
  restoring(access: { secret: string; passcode: string | undefined }): Restoring
  saving: Saving
}

type State =
  | { kind: 'loading' }
  | { kind: 'no-secret' }
  | { kind: 'revoked' }
  | { kind: 'troubled'; trouble: Trouble }
  | { kind: 'ready'; link: LinkInfo; receiver: Receiver }

/** @param secret of the link; empty where the address has none */
export function Page({
  brand,
  ports,
  secret,
  kept,
}: {
  brand: Brand
  ports: Ports
  secret: string
  /** Of this link. */
  kept: Kept
}) {
  const reader = useReader()
  const { now, language } = reader
  const [passcode, setPasscode] = useState<string>()
  const [state, setState] = useState<State>({ kind: secret === '' ? 'no-secret' : 'loading' })
  const [attempt, setAttempt] = useState(0)
  const texts = languages[language]

  useTitle(language, state.kind === 'ready' ? texts.title(state.link.sourceName) : texts.titleAlone)

  // `attempt` counts how often a person, or a connection that is back, asked for it again
  useEffect(() => {
    if (secret === '') return
    const controller = new AbortController()
    const receiver = new Receiver({ secret, ...(passcode === undefined ? {} : { passcode }) })
    receiver.link(controller.signal).then(
      link => setState({ kind: 'ready', link, receiver }),
      error => {
        if (!isAborted(error)) setState({ kind: 'troubled', trouble: troubleOf(error) })
      },
    )
    return () => controller.abort()
  }, [secret, passcode, attempt])

  const onTrouble = useCallback((trouble: Trouble) => setState({ kind: 'troubled', trouble }), [])
  const onRevoked = useCallback(() => setState({ kind: 'revoked' }), [])
  const onRetry = useCallback(() => {
    setState({ kind: 'loading' })
    setAttempt(count => count + 1)
  }, [])
  const onPasscode = useCallback((given: string) => {
    setPasscode(given)
    setAttempt(count => count + 1)
  }, [])
  // what the last use was for goes on in its tab
  const isUsedUp = state.kind === 'ready' && state.link.usesLeft === 0 && !kept.hasAsked
  const hasEnded = isUsedUp || (state.kind === 'ready' && Date.parse(state.link.expiresAt) <= now)

  return (
    <WordsContext.Provider value={{ ...brand, ...reader, texts }}>
      <Frame about={state.kind === 'ready' && !hasEnded && <About />}>
        {hasEnded ? <Troubled trouble={{ kind: 'ended' }} onRetry={onRetry} onPasscode={onPasscode} /> : content()}
      </Frame>
    </WordsContext.Provider>
  )

  function content() {
    switch (state.kind) {
      case 'loading':
        return <p role="status">{texts.loading}</p>
      case 'no-secret':
        return <Message title={texts.noSecret.title} why={texts.noSecret.why} contact />
      case 'revoked':
        return <Message title={texts.revoked.title} why={texts.revoked.why} contact />
      case 'troubled':
        return <Troubled trouble={state.trouble} onRetry={onRetry} onPasscode={onPasscode} />
      case 'ready':
        return (
          <Ready
            link={state.link}
            receiver={state.receiver}
            access={{ secret, passcode }}
            ports={ports}
            kept={kept}
            onTrouble={onTrouble}
            onRevoked={onRevoked}
          />
        )
    }
  }
}
