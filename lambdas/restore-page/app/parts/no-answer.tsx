import { RetryNotice } from './retry-notice.tsx'
import { useCommonWords } from './words.tsx'

/** The receiver did not answer one question; what is on the page stays, and so does what was opened. */
export function NoAnswer({ onRetry }: { onRetry?: () => void }) {
  const { texts } = useCommonWords()
  const { title, why } = navigator.onLine ? texts.unreachable : texts.offline
  return <RetryNotice title={title} why={why} onRetry={onRetry} />
}
