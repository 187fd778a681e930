import { Notice } from './notice.tsx'
import { useCommonWords } from './words.tsx'

/** Something was not answered or not done. @param onRetry left out where trying again is no use, or is offered elsewhere */
export function RetryNotice({
  title,
  why,
  onRetry,
}: {
  title: string
  why: string
  onRetry?: (() => void) | undefined
}) {
  const { texts } = useCommonWords()
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
