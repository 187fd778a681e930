import { useEffect, useRef, useState } from 'preact/hooks'
import type { Words } from '../../parts/words.tsx'
import type { ConsoleTexts } from '../../texts/console/en.ts'
import type { Link } from '../receiver/answers.ts'
import { Ago } from './ago.tsx'
import { Scrolling } from './scrolling.tsx'
import { Sure } from './sure.tsx'
import type { Trouble } from './trouble.ts'
import { TroubleNotice } from './trouble-notice.tsx'
import { useConsole, useWords } from './use-console.ts'

/** A customer's restore links, and their end. @param list undefined until it is read */
export function Links({
  tenant,
  list,
  trouble,
  again,
}: {
  tenant: string
  list: Link[] | undefined
  trouble: Trouble | undefined
  again(): void
}) {
  const { texts } = useWords()
  const { receiver } = useConsole()
  const heading = useRef<HTMLHeadingElement>(null)
  const [asked, setAsked] = useState<Link>()
  const [revoked, setRevoked] = useState('')
  const close = () => setAsked(undefined)
  // the button that was pressed goes away with what it was for
  useEffect(() => {
    if (revoked !== '') heading.current?.focus()
  }, [revoked])
  return (
    <>
      <h4 ref={heading} tabIndex={-1}>
        {texts.customers.links}
      </h4>
      <p class="unseen" role="status">
        {revoked}
      </p>
      {trouble && <TroubleNotice trouble={trouble} onRetry={again} />}
      {!list && !trouble && <p class="muted">{texts.customers.loading}</p>}
      {list?.length === 0 && <p class="muted">{texts.customers.noLinks}</p>}
      {list && list.length > 0 && <LinkTable links={list} onRevoke={setAsked} />}
      {asked && (
        <Sure
          title={texts.links.sure(asked.name, asked.sourceName)}
          why={texts.links.sureWhy}
          yes={texts.links.yes}
          no={texts.links.no}
          work={() => receiver.revokeLink(tenant, asked.name)}
          onDone={() => {
            setRevoked(texts.links.revoked(asked.name))
            close()
            again()
          }}
          onClose={close}
        />
      )}
    </>
  )
}

function LinkTable({ links, onRevoke }: { links: Link[]; onRevoke(link: Link): void }) {
  const words = useWords()
  const { texts, format } = words
  const said = texts.links
  return (
    <Scrolling name={texts.customers.links}>
      <table>
        <thead>
          <tr>
            <th scope="col">{said.name}</th>
            <th scope="col">{texts.link.source}</th>
            <th scope="col">{said.state}</th>
            <th scope="col">{said.ends}</th>
            <th scope="col">{said.used}</th>
            <th scope="col">{said.limits}</th>
            <th scope="col">{said.madeBy}</th>
            <th scope="col">
              <span class="unseen">{said.revoke}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {links.map(link => (
            <tr key={link.name}>
              <th scope="row">{link.name}</th>
              <td>{link.sourceName}</td>
              <td>{said.states[stateOf(link)]}</td>
              <td>
                <Ago time={link.expiresAt} />
              </td>
              <td>{said.usedOf(format.number(link.used), link.uses === null ? null : format.number(link.uses))}</td>
              <td>{limitsOf(words, link).join('; ') || '–'}</td>
              <td>{link.agent === null ? said.provider : said.host}</td>
              <td>
                {link.revokedAt === null && (
                  <button type="button" aria-label={said.revokeOf(link.name)} onClick={() => onRevoke(link)}>
                    {said.revoke}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolling>
  )
}

function stateOf({ revokedAt, locked, uses, used }: Link) {
  if (revokedAt !== null) return 'revoked'
  if (locked) return 'locked'
  return uses !== null && used >= uses ? 'used-up' : 'good'
}

function limitsOf({ texts, format, zone }: Words<ConsoleTexts>, link: Link): string[] {
  const said = texts.links
  const { snapshots, units, since, until, addresses, passcode } = link
  const moment = (time: string) => format.exact(Date.parse(time), zone)
  return [
    ...(snapshots ? [said.snapshots(snapshots.length)] : []),
    ...(units ? [said.units(format.list(units.slice(0, 5)))] : []),
    ...(since ? [said.since(moment(since))] : []),
    ...(until ? [said.until(moment(until))] : []),
    ...(addresses ? [said.addresses(format.list(addresses))] : []),
    ...(passcode ? [said.passcode] : []),
  ]
}
