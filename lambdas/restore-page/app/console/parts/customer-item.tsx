import { useState } from 'preact/hooks'
import type { Customer } from './customers.tsx'
import { EnrolDialog } from './enrol-dialog.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { Links } from './links.tsx'
import { useWords } from './use-console.ts'
import { useLinks } from './use-list.ts'

/** One customer in a line; behind it, what can be made for it and what was made. */
export function CustomerItem({ customer }: { customer: Customer }) {
  const { texts, format, zone } = useWords()
  const [isOpen, setOpen] = useState(false)
  const { tenant, sources, needs, storedBytes } = customer
  const said = texts.customers
  return (
    <li class="item">
      <div class="customer">
        <h3>
          {tenant.name} {tenant.name !== tenant.tenant && <span class="muted">{tenant.tenant}</span>}
        </h3>
        <ul class="figures">
          {tenant.suspended && (
            <li class="suspended">
              {tenant.suspended.reason === null
                ? said.suspended(format.date(Date.parse(tenant.suspended.at), zone))
                : said.suspendedWhy(format.date(Date.parse(tenant.suspended.at), zone), tenant.suspended.reason)}
            </li>
          )}
          {needs > 0 && <li class="needed">{said.needs(needs, format.number(needs))}</li>}
          <li>{said.sources(sources.length, format.number(sources.length))}</li>
          {storedBytes !== undefined && (
            <li>{storedBytes === null ? said.notMeasured : said.stored(format.bytes(storedBytes))}</li>
          )}
        </ul>
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={said.manageOf(tenant.name)}
          onClick={() => setOpen(!isOpen)}
        >
          {said.manage}
        </button>
      </div>
      {isOpen && <CustomerPanel customer={customer} />}
    </li>
  )
}

function CustomerPanel({ customer: { tenant, sources } }: { customer: Customer }) {
  const { texts } = useWords()
  const [making, setMaking] = useState<'token' | 'link' | null>(null)
  const links = useLinks(tenant.tenant)
  const close = () => setMaking(null)
  return (
    <div class="panel">
      <div class="buttons">
        <button type="button" onClick={() => setMaking('token')}>
          {texts.customers.token}
        </button>
        <button type="button" disabled={sources.length === 0} onClick={() => setMaking('link')}>
          {texts.customers.link}
        </button>
      </div>
      {sources.length === 0 && <p class="muted">{texts.customers.noSource}</p>}
      <Links tenant={tenant.tenant} {...links} />
      {making === 'token' && <EnrolDialog tenant={tenant} onClose={close} />}
      {making === 'link' && <LinkDialog tenant={tenant} sources={sources} onMade={links.again} onClose={close} />}
    </div>
  )
}
