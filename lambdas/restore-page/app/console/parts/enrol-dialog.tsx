import { useState } from 'preact/hooks'
import { Code } from '../../parts/copy.tsx'
import type { EnrolToken, Tenant } from '../receiver/answers.ts'
import { CloseButton } from './close-button.tsx'
import { Dialog } from './dialog.tsx'
import { LifetimeSelect } from './lifetime-select.tsx'
import { TroubleNotice } from './trouble-notice.tsx'
import { useConsole, useWords } from './use-console.ts'
import { useDoing } from './use-doing.ts'
import { useAgents } from './use-list.ts'
import { WishButtons } from './wish-buttons.tsx'

/** Seconds. */
const lifetimes = [600, 3600, 86_400, 7 * 86_400]

/** Makes a token with which a host enrols, and shows it once. */
export function EnrolDialog({ tenant, onClose }: { tenant: Tenant; onClose(): void }) {
  const { texts } = useWords()
  const [made, setMade] = useState<EnrolToken>()
  return (
    <Dialog title={made ? texts.token.made(tenant.name) : texts.token.title(tenant.name)} onClose={onClose}>
      {made ? <Made token={made} onClose={onClose} /> : <Wish tenant={tenant} onMade={setMade} onClose={onClose} />}
    </Dialog>
  )
}

function Wish({ tenant, onMade, onClose }: { tenant: Tenant; onMade(token: EnrolToken): void; onClose(): void }) {
  const { texts } = useWords()
  const { receiver } = useConsole()
  const { isDoing, trouble, start } = useDoing()
  const agents = useAgents(tenant.tenant)
  const [seconds, setSeconds] = useState(3600)
  const [replaces, setReplaces] = useState('')
  const make = () =>
    start(async () => {
      const wish = { expiresSeconds: seconds, ...(replaces === '' ? {} : { replaces }) }
      onMade(await receiver.makeEnrolToken(tenant.tenant, wish))
    })
  // each is replaced once
  const replaceable = (agents.list ?? []).filter(({ replacedBy }) => replacedBy === null)
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        void make()
      }}
    >
      <p>{texts.token.why}</p>
      <LifetimeSelect label={texts.token.expires} lifetimes={lifetimes} seconds={seconds} onSeconds={setSeconds} />
      <label>
        {texts.token.place}
        <select value={replaces} onChange={event => setReplaces(event.currentTarget.value)}>
          <option value="">{texts.token.newHost}</option>
          {replaceable.map(({ agent, name }) => (
            <option key={agent} value={agent}>
              {texts.token.instead(name)}
            </option>
          ))}
        </select>
      </label>
      {replaces !== '' && <p>{texts.token.insteadWhy}</p>}
      {agents.trouble && <TroubleNotice trouble={agents.trouble} onRetry={agents.again} />}
      {trouble && <TroubleNotice trouble={trouble} />}
      <WishButtons make={texts.token.make} isDoing={isDoing} onClose={onClose} />
    </form>
  )
}

function Made({ token: { enrol, expiresAt }, onClose }: { token: EnrolToken; onClose(): void }) {
  const { texts, format, zone } = useWords()
  return (
    <>
      <p>{texts.token.once(format.exact(Date.parse(expiresAt), zone))}</p>
      <Code name={texts.token.token} text={enrol} />
      <p>{texts.token.commandWhy}</p>
      <Code name={texts.token.command} text={`failsafe enrol '${enrol}' --recovery-kit kit.txt`} />
      <div class="buttons">
        <CloseButton onClose={onClose} />
      </div>
    </>
  )
}
