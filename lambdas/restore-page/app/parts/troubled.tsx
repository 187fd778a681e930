import { useState } from 'preact/hooks'
import { Message } from './frame.tsx'
import { NoConnection } from './no-connection.tsx'
import type { Trouble } from './trouble.ts'
import { useWords } from './words.tsx'

/** The page cannot go on, and says what to do. */
export function Troubled({
  trouble,
  onRetry,
  onPasscode,
}: {
  trouble: Trouble
  onRetry(): void
  onPasscode(passcode: string): void
}) {
  const { texts } = useWords()
  switch (trouble.kind) {
    case 'passcode':
      return <PasscodeForm wrong={trouble.wrong} onPasscode={onPasscode} />
    case 'ended':
      return <Message title={texts.ended.title} why={`${texts.ended.why} ${texts.ended.ask}`} contact />
    case 'unreachable':
      return <NoConnection onRetry={onRetry} />
    case 'refused':
      return (
        <Message
          title={texts.refused.title}
          why={texts.refused.codes[trouble.code] ?? trouble.why ?? trouble.code}
          contact
        >
          <button type="button" onClick={onRetry}>
            {texts.tryAgain}
          </button>
        </Message>
      )
  }
}

function PasscodeForm({ wrong, onPasscode }: { wrong: boolean; onPasscode(passcode: string): void }) {
  const { texts } = useWords()
  const [passcode, setPasscode] = useState('')
  return (
    <Message title={texts.passcode.title} why={texts.passcode.why}>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (passcode !== '') onPasscode(passcode)
        }}
      >
        <label>
          {texts.passcode.label}
          <input
            type="password"
            autoComplete="off"
            required
            value={passcode}
            aria-invalid={wrong}
            aria-describedby={wrong ? 'wrong' : undefined}
            onInput={event => setPasscode(event.currentTarget.value)}
          />
        </label>
        {wrong && (
          <p id="wrong" class="field-error" role="alert">
            {texts.passcode.wrong}
          </p>
        )}
        <button type="submit" class="primary">
          {texts.passcode.go}
        </button>
      </form>
    </Message>
  )
}
