import { useMemo, useState } from 'preact/hooks'
import { Code } from '../../parts/copy.tsx'
import { matching } from '../../words/matching.ts'
import type { Source, Tenant } from '../receiver/answers.ts'
import { CustomerItem } from './customer-item.tsx'
import { More } from './more.tsx'
import { SearchField } from './search-field.tsx'
import { useWords } from './use-console.ts'
import { useSome } from './use-some.ts'

/** A customer, and what the page knows of it besides. */
export interface Customer {
  tenant: Tenant
  sources: Source[]
  /** How many things of it need somebody. */
  needs: number
  /** null where nothing was measured yet; undefined while that is not known. */
  storedBytes: number | null | undefined
}

/** All of them; who has something to look at comes first. */
export function Customers({ customers }: { customers: Customer[] }) {
  const { texts } = useWords()
  const [words, setWords] = useState('')
  const found = useMemo(() => {
    const matches = matching(words)
    return customers.filter(({ tenant }) => matches(`${tenant.name} ${tenant.tenant}`))
  }, [customers, words])
  const some = useSome(found)
  return (
    <section aria-labelledby="customers">
      <h2 id="customers">{texts.customers.title}</h2>
      {customers.length === 0 ? (
        <>
          <p>{texts.customers.noneYet}:</p>
          <Code name={texts.customers.title} text='failsafe-admin tenant create acme --name "Acme Ltd"' />
        </>
      ) : (
        <>
          <SearchField
            label={texts.customers.search}
            words={words}
            onWords={words => {
              setWords(words)
              some.restart()
            }}
          />
          {found.length === 0 && <p role="status">{texts.customers.none}</p>}
          <ul class="items customers">
            {some.shown.map(customer => (
              <CustomerItem key={customer.tenant.tenant} customer={customer} />
            ))}
          </ul>
          <More next={some.next} onMore={some.showMore} />
        </>
      )}
    </section>
  )
}
