import type { Saving } from '../ways/restoring.ts'
import { Files } from './files.tsx'
import { KitForm } from './kit-form.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { UseNote } from './use-note.tsx'
import type { UsedRestoring } from './use-restoring.ts'
import { useWords } from './words.tsx'

/** Opened and checked in this browser. */
export function BrowserWay({
  restoring,
  saving,
  left,
  granted,
}: {
  restoring: UsedRestoring
  saving: Saving
  left: number | null
  granted: boolean
}) {
  const { texts } = useWords()
  const { state, open, close, listen } = restoring
  return (
    <details name="way">
      <summary>
        <h3>{texts.ways.browser}</h3>
        <p>{texts.ways.browserWhy}</p>
      </summary>
      {state.kind === 'failed' && <ProblemNotice problem={state.problem} />}
      {state.kind === 'opened' ? (
        <Files opened={state.opened} worker={state.worker} saving={saving} listen={listen} onForget={close} />
      ) : (
        <>
          <UseNote left={left} granted={granted} />
          <KitForm
            opening={state.kind === 'opening'}
            asksTrust={state.kind === 'failed' && state.problem.code === 'manifest-untrusted'}
            onKit={open}
          />
        </>
      )}
    </details>
  )
}
