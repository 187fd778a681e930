import type { LinkForm } from '../wishes/link-wish.ts'
import { useWords } from './use-console.ts'

/** What a restore link may be limited to besides: moments and addresses. */
export function LinkLimits({
  form,
  wrong,
  onChange,
}: {
  form: LinkForm
  wrong: 'never' | 'order' | undefined
  onChange(changed: Partial<LinkForm>): void
}) {
  const { texts, zone } = useWords()
  return (
    <details>
      <summary>{texts.link.limits}</summary>
      <label>
        {texts.link.since}
        <input
          type="datetime-local"
          value={form.since}
          aria-describedby="moments-help moments-wrong"
          aria-invalid={wrong !== undefined}
          onInput={event => onChange({ since: event.currentTarget.value })}
        />
      </label>
      <label>
        {texts.link.until}
        <input
          type="datetime-local"
          value={form.until}
          aria-describedby="moments-help moments-wrong"
          aria-invalid={wrong !== undefined}
          onInput={event => onChange({ until: event.currentTarget.value })}
        />
      </label>
      <p id="moments-help" class="help">
        {texts.link.momentsHelp(zone.replaceAll('_', ' '))}
      </p>
      <p id="moments-wrong" class="field-error" role="alert">
        {wrong && texts.link[wrong]}
      </p>
      <label>
        {texts.link.addresses}
        <input
          type="text"
          autoComplete="off"
          spellcheck={false}
          value={form.addresses}
          aria-describedby="addresses-help"
          onInput={event => onChange({ addresses: event.currentTarget.value })}
        />
      </label>
      <p id="addresses-help" class="help">
        {texts.link.addressesHelp}
      </p>
    </details>
  )
}
