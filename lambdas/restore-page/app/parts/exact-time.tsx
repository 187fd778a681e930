import { useEffect, useState } from 'preact/hooks'
import { offsetText, type ReadTime, readTime, wallText } from '../moments/zone.ts'
import { useWords } from './words.tsx'

/** A time that is typed or pasted. An hour that came twice is asked back for. */
export function ExactTime({ time, onTime }: { time: number; onTime(time: number): void }) {
  const { texts, zone } = useWords()
  const [text, setText] = useState('')
  const [read, setRead] = useState<ReadTime>()
  useEffect(() => {
    setText(wallText(zone, time))
    setRead(undefined)
  }, [zone, time])

  const take = () => {
    const read = readTime(text, zone)
    setRead(read)
    if (read.kind === 'one') onTime(read.time)
  }
  const wrong =
    read &&
    (read.kind === 'unreadable' ? texts.choose.unreadable : read.kind === 'never' ? texts.choose.never : undefined)
  return (
    <form
      class="exact-time"
      noValidate
      onSubmit={event => {
        event.preventDefault()
        take()
      }}
    >
      <label>
        {texts.choose.exact}
        <input
          type="text"
          inputMode="text"
          autoComplete="off"
          spellcheck={false}
          value={text}
          aria-describedby="exact-help exact-wrong"
          aria-invalid={wrong !== undefined}
          onInput={event => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">{texts.choose.take}</button>
      <p id="exact-help" class="muted">
        {texts.choose.exactHelp(zone.replaceAll('_', ' '))}
      </p>
      <div id="exact-wrong" role="alert">
        {wrong && <p class="field-error">{wrong}</p>}
        {read?.kind === 'twice' && (
          <>
            <p>{texts.choose.twice}</p>
            <div class="buttons">
              {read.times.map(time => (
                <button key={time} type="button" onClick={() => onTime(time)}>
                  {wallText(zone, time)} {offsetText(zone, time)}
                </button>
              ))}
            </div>
          </>
        )}
      </div>
    </form>
  )
}
