import { useState } from 'preact/hooks'
import { useWords } from './words.tsx'

/** A kit is a few hundred bytes; nothing larger is read. */
const largest = 64 * 1024

/**
 * Takes the recovery kit, pasted, dropped or chosen. It is gone from here once the backup is open.
 * @param asksTrust whether the kit vouched for no key, so that the person may
 */
export function KitForm({
  opening,
  asksTrust,
  onKit,
}: {
  opening: boolean
  asksTrust: boolean
  onKit(identity: string, trust: string): void
}) {
  const { texts, provider } = useWords()
  const [text, setText] = useState('')
  const [trust, setTrust] = useState('')
  const [over, setOver] = useState(false)
  const [empty, setEmpty] = useState(false)
  const read = async (file: File | undefined) => {
    if (!file) return
    setText(await file.slice(0, largest).text())
    setEmpty(false)
  }
  return (
    <form
      class={over ? 'kit over' : 'kit'}
      onSubmit={event => {
        event.preventDefault()
        setEmpty(text.trim() === '')
        if (text.trim() === '') return
        onKit(text, trust.trim())
      }}
      onDragOver={event => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        event.preventDefault()
        setOver(false)
        void read(event.dataTransfer?.files[0])
      }}
    >
      <p>{texts.kit.sealed}</p>
      <p>
        <strong>{texts.kit.never}</strong> {texts.kit.code(provider)}
      </p>
      <label>
        {texts.kit.paste}
        <textarea
          rows={4}
          autoComplete="off"
          spellcheck={false}
          value={text}
          disabled={opening}
          aria-invalid={empty}
          aria-describedby="kit-empty"
          onInput={event => setText(event.currentTarget.value)}
        />
      </label>
      <div id="kit-empty" role="alert">
        {empty && <p class="field-error">{texts.kit.empty}</p>}
      </div>
      <label>
        {texts.kit.file}
        <input type="file" disabled={opening} onChange={event => void read(event.currentTarget.files?.[0])} />
      </label>
      {asksTrust && (
        <label>
          {texts.kit.trust}
          <input
            type="text"
            autoComplete="off"
            spellcheck={false}
            value={trust}
            aria-describedby="trust-help"
            onInput={event => setTrust(event.currentTarget.value)}
          />
          <span id="trust-help" class="muted">
            {texts.kit.trustHelp}
          </span>
        </label>
      )}
      <button type="submit" class="primary" disabled={opening}>
        {texts.kit.open}
      </button>
      <p role="status">{opening ? texts.kit.opening : ''}</p>
    </form>
  )
}
