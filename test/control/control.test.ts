import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { Failure } from '../../shared/failure.ts'
import { ask } from '../../uploader/control/ask.ts'
import { placeOf } from '../../uploader/control/place.ts'
import { Cancelled, type RunStatus } from '../../uploader/control/requests.ts'
import { controlledRun } from '../../uploader/control/run.ts'
import { serveControl } from '../../uploader/control/serve.ts'
import type { Reporter } from '../../uploader/output/reporter.ts'
import { runsInFlight } from '../../uploader/status/runs.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const Answer = z.object({ hello: z.string() })
const hello = async () => ({ hello: 'you' })

test('a request gets its answer, and only the owner of the state can make one', async () => {
  await using state = await temporaryDirectory()
  const control = await serveControl(state.path, 'daemon', hello)
  expect(await ask(state.path, 'daemon', { ask: 'status' }, Answer)).toEqual({ hello: 'you' })
  expect((await stat(state.in('run'))).mode & 0o777).toBe(0o700)
  expect((await stat(state.in('run', 'daemon.sock'))).mode & 0o777).toBe(0o600)
  await control.close()
  expect(await readdir(state.in('run'))).toEqual([])
  expect(await ask(state.path, 'daemon', { ask: 'status' }, Answer)).toBeUndefined()
})

test('a folder that others could use is closed to them first', async () => {
  await using state = await temporaryDirectory()
  await mkdir(state.in('run'))
  await chmod(state.in('run'), 0o777)
  const control = await serveControl(state.path, 'daemon', hello)
  expect((await stat(state.in('run'))).mode & 0o777).toBe(0o700)
  await control.close()
})

test('what is no request, or too long for one, gets no answer and does no harm', async () => {
  await using state = await temporaryDirectory()
  const control = await serveControl(state.path, 'daemon', hello)
  const { address } = await placeOf(state.path, 'daemon')
  const say = (text: string) =>
    new Promise<string>(resolve => {
      let heard = ''
      const socket = connect(address, () => socket.write(text))
      socket.on('data', piece => {
        heard += piece
      })
      socket.on('error', () => socket.destroy())
      socket.once('close', () => resolve(heard))
    })
  for (const text of [
    'hello\n',
    '{}\n',
    '{"ask":"status","more":1}\n',
    '{"ask":"erase"}\n',
    'x'.repeat(100_000),
    '\0\n',
  ])
    expect(await say(text), text.slice(0, 20)).toBe('')
  expect(await say('{"ask":"status"}\n')).toBe('{"hello":"you"}\n')
  await control.close()
})

test('somebody who connects and says nothing does not hold up the end', async () => {
  await using state = await temporaryDirectory()
  const control = await serveControl(state.path, 'daemon', hello)
  const socket = connect((await placeOf(state.path, 'daemon')).address)
  await new Promise(resolve => socket.once('connect', resolve))
  await delay(20)
  const before = performance.now()
  await control.close()
  expect(performance.now() - before).toBeLessThan(1000)
})

test('the socket of a process that died is taken away by whoever asks, and is no obstacle to the next', async () => {
  await using state = await temporaryDirectory()
  await mkdir(state.in('run'))
  const dead = createServer().listen(state.in('gone'))
  await new Promise(resolve => dead.once('listening', resolve))
  await rename(state.in('gone'), state.in('run', 'run-99.sock'))
  await new Promise(resolve => dead.close(resolve))
  expect(existsSync(state.in('run', 'run-99.sock'))).toBe(true)
  expect(await runsInFlight(state.path)).toEqual([])
  expect(existsSync(state.in('run', 'run-99.sock'))).toBe(false)
  await writeFile(state.in('run', 'daemon.sock'), '')
  const control = await serveControl(state.path, 'daemon', hello)
  expect(await ask(state.path, 'daemon', { ask: 'status' }, Answer)).toEqual({ hello: 'you' })
  await control.close()
})

test('one that does not answer, or speaks another language, is told as such', async () => {
  await using state = await temporaryDirectory()
  const forever = Promise.withResolvers<object>()
  const control = await serveControl(state.path, 'daemon', () => forever.promise)
  const silent = await ask(state.path, 'daemon', { ask: 'status' }, Answer, 200).catch(error => error)
  expect(silent).toMatchObject({ code: 'control-silent', why: 'no answer within 0.2 seconds', retriable: true })
  const other = await serveControl(state.path, 'run-1', hello)
  await expect(ask(state.path, 'run-1', { ask: 'cancel' }, Cancelled)).rejects.toMatchObject({
    why: 'it is of another version',
  })
  await other.close()
  forever.resolve({})
  await control.close()
})

test('a path that is too long for a socket is refused with what to do', async () => {
  await using state = await temporaryDirectory()
  const long = state.in('x'.repeat(100))
  await mkdir(long)
  await expect(serveControl(long, 'daemon', hello)).rejects.toMatchObject({
    code: 'control-unavailable',
    fix: expect.stringContaining('short path'),
  })
})

const quiet = (warnings: string[] = []): Reporter => ({
  plan() {},
  step() {},
  progress() {},
  warning: code => void warnings.push(code),
  summary() {},
  error() {},
})
const about = { source: 'shop', mode: 'full', startedAt: new Date('2027-01-01T00:00Z') }
const { signal } = new AbortController()

test('a run shows where it stands, and ends when it is told to; who told it hears how', async () => {
  await using state = await temporaryDirectory()
  const run = controlledRun(state.path, about, { reporter: quiet(), signal }, async (reporter, stop) => {
    reporter.plan({ source: 'shop', engine: 'mysql', kind: 'log', promoted: null, steps: ['Look', 'Read the logs'] })
    reporter.step(2, 'Read the logs')
    reporter.progress({ label: 'sealed', done: 7, total: 10 })
    await new Promise(resolve => stop.addEventListener('abort', resolve))
    throw new Failure('cancelled', 'The backup was interrupted', { fix: 'Run it again; nothing of it was kept' })
  })
  const failed = run.catch(error => error)
  const [going] = await within(() => runsInFlight(state.path))
  expect(going).toEqual({
    pid: process.pid,
    source: 'shop',
    mode: 'full',
    kind: 'log',
    startedAt: '2027-01-01T00:00:00.000Z',
    step: { number: 2, of: 2, text: 'Read the logs' },
    progress: { label: 'sealed', done: 7, total: 10, bytesPerSecond: 0 },
  } satisfies RunStatus)
  const name = `run-${process.pid}`
  await expect(ask(state.path, name, { ask: 'stop' }, Cancelled)).rejects.toThrow('does not answer')
  const cancelled = await ask(state.path, name, { ask: 'cancel' }, Cancelled)
  expect(cancelled).toEqual({
    source: 'shop',
    said: 'The backup was interrupted. Run it again; nothing of it was kept',
  })
  expect(await failed).toMatchObject({ code: 'cancelled' })
  expect(await runsInFlight(state.path)).toEqual([])
})

test('a run that was done before it could be ended says so', async () => {
  await using state = await temporaryDirectory()
  const run = controlledRun(state.path, about, { reporter: quiet(), signal }, async (_reporter, stop) => {
    await new Promise(resolve => stop.addEventListener('abort', resolve))
    return 'done'
  })
  await within(() => runsInFlight(state.path))
  expect(await ask(state.path, `run-${process.pid}`, { ask: 'cancel' }, Cancelled)).toMatchObject({ said: null })
  expect(await run).toBe('done')
})

test('that nobody can ask it is no reason not to back up', async () => {
  await using state = await temporaryDirectory()
  await writeFile(state.in('run'), 'no directory')
  const warnings: string[] = []
  const work = async () => 'done'
  expect(await controlledRun(state.path, about, { reporter: quiet(warnings), signal }, work)).toBe('done')
  expect(warnings).toEqual(['control-unavailable'])
})

async function within<T>(look: () => Promise<T[]>): Promise<T[]> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const found = await look()
    if (found.length > 0) return found
    await delay(20)
  }
  return expect.fail('it never came')
}
