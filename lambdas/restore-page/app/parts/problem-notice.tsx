import type { Problem } from '../ways/restoring.ts'
import { Notice } from './notice.tsx'
import { useWords } from './words.tsx'

/** What went wrong, why, and what to do. */
export function ProblemNotice({ problem: { code, why } }: { problem: Problem }) {
  const { texts } = useWords()
  const [title, fix] = texts.problems[code]
  return (
    <Notice kind="bad" title={title} urgent>
      <p>{fix}</p>
      {why && <p class="muted">{texts.reason(why)}</p>}
      {code === 'outdated' && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => location.reload()}>
            {texts.reload}
          </button>
        </div>
      )}
    </Notice>
  )
}
