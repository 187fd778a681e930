import { expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { ProblemError } from '../../shared/problem.ts'
import type { SourceConfig } from '../../uploader/config/load.ts'
import { Contact } from '../../uploader/daemon/contact.ts'
import { Log } from '../../uploader/log/log.ts'

const now = () => new Date('2027-01-05T01:00:00Z')
const scheduled = ['shop', 'crm', 'mail'].map(
  name => ({ name, engine: 'mysql', schedule: { full: '0 2 * * *' } }) as unknown as SourceConfig,
)

function newContact() {
  const registered: string[] = []
  const heads = { data: { kind: 'full', receivedAt: '2027-01-04T02:00:00.000Z' }, log: null }
  const world = {
    registered,
    /** What the receiver answers a registration with, where it is not well. */
    refuse: (_name: string): Error | undefined => undefined,
  }
  const receiver: any = {
    async registerSource(name: string) {
      const refusal = world.refuse(name)
      if (refusal) throw refusal
      registered.push(name)
      return { source: name }
    },
    heads: async () => heads,
    sources: async () => ({ sources: [] }),
  }
  const log = new Log([], value => value, now)
  const contact = new Contact(async () => receiver, { log, now, end: new AbortController().signal })
  return { contact, world }
}

const away = () => new Failure('receiver-unreachable', 'The receiver cannot be reached', { retriable: true })
const taken = (name: string) => (name === 'shop' ? new ProblemError('name-taken') : undefined)

test('what could not be told to a receiver that was away is told with the next sign of life, once', async () => {
  const { contact, world } = newContact()
  world.refuse = away
  await contact.announce(scheduled)
  await contact.beat()
  expect(world.registered).toEqual([])
  world.refuse = () => undefined
  await contact.beat()
  await contact.beat()
  expect(world.registered).toEqual(['shop', 'crm', 'mail'])
  expect(contact.problem).toBeUndefined()
})

test('a source that is refused keeps none of the others from being expected, and the problem is said', async () => {
  const { contact, world } = newContact()
  world.refuse = taken
  await contact.announce(scheduled)
  expect(world.registered).toEqual(['crm', 'mail'])
  expect(contact.problem).toContain('The name is taken')
})

test('a source that is refused keeps none of the others from going on where the receiver has them', async () => {
  const { contact, world } = newContact()
  world.refuse = taken
  expect([...(await contact.received(scheduled)).keys()]).toEqual(['crm', 'mail'])
  expect(contact.problem).toContain('The name is taken')
})
