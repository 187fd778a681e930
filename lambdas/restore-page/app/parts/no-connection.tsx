import { useEffect, useState } from 'preact/hooks'
import { Message } from './frame.tsx'
import { useCommonWords } from './words.tsx'

/** Nothing was answered, so there is nothing to show yet. Goes on by itself when the computer is online again. */
export function NoConnection({ onRetry }: { onRetry(): void }) {
  const { texts } = useCommonWords()
  const [online, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const changed = () => {
      setOnline(navigator.onLine)
      if (navigator.onLine) onRetry()
    }
    addEventListener('online', changed)
    addEventListener('offline', changed)
    return () => {
      removeEventListener('online', changed)
      removeEventListener('offline', changed)
    }
  }, [onRetry])
  const { title, why } = online ? texts.unreachable : texts.offline
  return (
    <Message title={title} why={why}>
      <button type="button" onClick={onRetry}>
        {texts.tryAgain}
      </button>
    </Message>
  )
}
