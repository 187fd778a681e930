import { Notice } from './notice.tsx'
import { useCommonWords } from './words.tsx'

/** The receiver did not answer one question; what is on the page stays, and so does what was opened. */
export function NoAnswer({ onRetry }: { onRetry?: () => void }) {
  const { texts } = useCommonWords()
  const { title, why } = navigator.onLine ? texts.unreachable : texts.offline
  return (
    <Notice kind="warning" title={title} urgent>
      <p>{why}</p>
      {onRetry && (
        <div class="buttons">
          <button type="button" onClick={onRetry}>
            {texts.tryAgain}
          </button>
        </div>
      )}
    </Notice>
  )
}
