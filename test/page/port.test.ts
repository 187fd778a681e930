import { expect, test } from 'vitest'
import { streamOf } from '../../lambdas/restore-page/app/opening/chunks.ts'
import { OpeningError } from '../../lambdas/restore-page/app/opening/opening-error.ts'
import { receiveStream, sendStream } from '../../lambdas/restore-page/app/opening/port.ts'
import { collect, noise } from '../sealed/support.ts'

const asError = (error: unknown) => (error instanceof OpeningError ? error : new OpeningError('network', String(error)))

function connected(chunks: AsyncIterable<Uint8Array>) {
  const { port1, port2 } = new MessageChannel()
  return { sent: sendStream(streamOf(chunks), port1, asError), received: receiveStream(port2) }
}

test('every chunk arrives, in its order, whoever owned its memory', async () => {
  const bytes = noise(100_000)
  const { sent, received } = connected(
    (async function* () {
      for (let at = 0; at < bytes.length; at += 999) yield bytes.subarray(at, at + 999)
    })(),
  )
  expect((await collect(received)).equals(bytes)).toBe(true)
  expect(await sent).toBe(true)
})

test('an error keeps its code and its reason', async () => {
  const { sent, received } = connected(
    (async function* () {
      yield noise(10)
      throw new OpeningError('artefact-damaged', 'It is damaged', 'a bit was changed')
    })(),
  )
  const [outcome] = await Promise.allSettled([collect(received), sent.catch(() => {})])
  expect(outcome).toMatchObject({
    reason: { name: 'OpeningError', code: 'artefact-damaged', message: 'It is damaged', why: 'a bit was changed' },
  })
  await expect(sent).rejects.toMatchObject({ code: 'artefact-damaged' })
})

test('no more is read than a few chunks ahead of who receives', async () => {
  let read = 0
  const { received, sent } = connected(
    (async function* () {
      for (; ; read++) yield noise(10)
    })(),
  )
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(read).toBeLessThan(12)
  await received.cancel()
  expect(await sent).toBe(false)
})
