import { useState } from 'preact/hooks'
import { Code } from '../../parts/copy.tsx'
import { Notice } from '../../parts/notice.tsx'
import type { MadeLink, Source, Tenant } from '../receiver/answers.ts'
import { type LinkForm, linkWishOf } from '../wishes/link-wish.ts'
import { CloseButton } from './close-button.tsx'
import { Dialog } from './dialog.tsx'
import { LifetimeSelect } from './lifetime-select.tsx'
import { LinkLimits } from './link-limits.tsx'
import { TroubleNotice } from './trouble-notice.tsx'
import { useConsole, useWords } from './use-console.ts'
import { useDoing } from './use-doing.ts'
import { WishButtons } from './wish-buttons.tsx'

/** Seconds; 90 days at most. */
const lifetimes = [3600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400]

interface Made extends MadeLink {
  sourceName: string
  hasPasscode: boolean
}

/** Makes a restore link for a source of a customer, and shows it once. */
export function LinkDialog({
  tenant,
  sources,
  onMade,
  onClose,
}: {
  tenant: Tenant
  sources: Source[]
  onMade(): void
  onClose(): void
}) {
  const { texts } = useWords()
  const [made, setMade] = useState<Made>()
  return (
    <Dialog title={made ? texts.link.made(made.sourceName) : texts.link.title(tenant.name)} onClose={onClose}>
      {made ? (
        <MadeView made={made} onClose={onClose} />
      ) : (
        <Wish
          tenant={tenant}
          sources={sources}
          onMade={made => {
            setMade(made)
            onMade()
          }}
          onClose={onClose}
        />
      )}
    </Dialog>
  )
}

function Wish({
  tenant,
  sources,
  onMade,
  onClose,
}: {
  tenant: Tenant
  sources: Source[]
  onMade(made: Made): void
  onClose(): void
}) {
  const { texts, zone } = useWords()
  const { receiver } = useConsole()
  const { isDoing, trouble, start } = useDoing()
  const [wrong, setWrong] = useState<'never' | 'order'>()
  const [form, setForm] = useState<LinkForm>({
    source: sources[0]!.source,
    expiresSeconds: 86_400,
    uses: '',
    passcode: '',
    since: '',
    until: '',
    addresses: '',
  })
  const change = (changed: Partial<LinkForm>) => setForm(before => ({ ...before, ...changed }))
  const make = () => {
    const result = linkWishOf(tenant.tenant, form, zone)
    setWrong('wrong' in result ? result.wrong : undefined)
    if ('wrong' in result) return
    void start(async () => {
      const made = await receiver.makeLink(result.wish)
      const sourceName = sources.find(({ source }) => source === form.source)!.name
      onMade({ ...made, sourceName, hasPasscode: form.passcode !== '' })
    })
  }
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        make()
      }}
    >
      <p>{texts.link.why}</p>
      <label>
        {texts.link.source}
        <select value={form.source} onChange={event => change({ source: event.currentTarget.value })}>
          {sources.map(({ source, name, agentName }) => (
            <option key={source} value={source}>
              {name} · {agentName}
            </option>
          ))}
        </select>
      </label>
      <LifetimeSelect
        label={texts.link.expires}
        lifetimes={lifetimes}
        seconds={form.expiresSeconds}
        onSeconds={expiresSeconds => change({ expiresSeconds })}
      />
      <label>
        {texts.link.uses}
        <input
          type="number"
          min="1"
          max="10000"
          step="1"
          value={form.uses}
          aria-describedby="uses-help"
          onInput={event => change({ uses: event.currentTarget.value })}
        />
      </label>
      <p id="uses-help" class="help">
        {texts.link.usesHelp}
      </p>
      <label>
        {texts.link.passcode}
        <input
          type="text"
          autoComplete="off"
          spellcheck={false}
          minLength={4}
          maxLength={100}
          pattern="[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?"
          value={form.passcode}
          aria-describedby="passcode-help"
          onInput={event => change({ passcode: event.currentTarget.value })}
        />
      </label>
      <p id="passcode-help" class="help">
        {texts.link.passcodeHelp}
      </p>
      <LinkLimits form={form} wrong={wrong} onChange={change} />
      {trouble && <TroubleNotice trouble={trouble} />}
      <WishButtons make={texts.link.make} isDoing={isDoing} onClose={onClose} />
    </form>
  )
}

function MadeView({ made, onClose }: { made: Made; onClose(): void }) {
  const { texts, format, zone } = useWords()
  return (
    <>
      <p>{texts.link.once(format.exact(Date.parse(made.expiresAt), zone))}</p>
      <Code name={texts.link.link} text={made.url} />
      {made.hasPasscode && (
        <Notice kind="warning">
          <p>{texts.link.tellPasscode}</p>
        </Notice>
      )}
      <p class="muted">{texts.link.name(made.name)}</p>
      <div class="buttons">
        <CloseButton onClose={onClose} />
      </div>
    </>
  )
}
