import { RetryNotice } from '../../parts/retry-notice.tsx'
import type { Trouble } from './trouble.ts'
import { useWords } from './use-console.ts'

/** What the receiver did not do or did not answer, and why. */
export function TroubleNotice({ trouble, onRetry }: { trouble: Trouble; onRetry?: () => void }) {
  const { texts } = useWords()
  const { title, why } = said()
  return <RetryNotice title={title} why={why} onRetry={onRetry} />

  function said(): { title: string; why: string } {
    switch (trouble.kind) {
      case 'ended':
        return texts.ended
      case 'unreachable':
        return navigator.onLine ? texts.unreachable : texts.offline
      case 'refused':
        return {
          title: texts.refused.title,
          why: texts.refused.codes[trouble.code] ?? trouble.why ?? trouble.code,
        }
    }
  }
}
