import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { generateX25519Identity } from 'age-encryption'
import { expect, test } from 'vitest'
import { newSigningKey } from '../../shared/jws.ts'
import { makeProof } from '../../shared/proof.ts'
import { Log } from '../../uploader/log/log.ts'
import { redactor } from '../../uploader/log/redact.ts'
import { RotatingFile } from '../../uploader/log/rotating-file.ts'
import { secretsIn } from '../../uploader/log/secrets.ts'
import { eventProgram, toEventLog, toFile, toStderr } from '../../uploader/log/sinks.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const now = () => new Date('2027-01-01T00:00Z')
const plain = <T>(value: T) => value

test('a log keeps its newest lines in so many files of such a size, whole, and for its owner alone', async () => {
  await using directory = await temporaryDirectory()
  const file = new RotatingFile(directory.in('log', 'failsafe.log'), { maxBytes: 1000, keep: 3 })
  for (let n = 0; n < 200; n++) file.append(JSON.stringify({ n, text: 'x'.repeat(40) }))
  const names = (await readdir(directory.in('log'))).sort()
  expect(names).toEqual(['failsafe.log', 'failsafe.log.1', 'failsafe.log.2'])
  const numbers: number[] = []
  for (const name of names.reverse()) {
    const { size, mode } = await stat(directory.in('log', name))
    expect(size).toBeLessThanOrEqual(1000)
    expect(mode & 0o777).toBe(0o600)
    const text = await readFile(directory.in('log', name), 'utf8')
    numbers.push(
      ...text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).n),
    )
  }
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => 200 - numbers.length + i))
  expect(numbers.length).toBeGreaterThan(30)
})

test('a log of one file starts anew when it is full', async () => {
  await using directory = await temporaryDirectory()
  const file = new RotatingFile(directory.in('failsafe.log'), { maxBytes: 100, keep: 1 })
  for (let n = 0; n < 20; n++) file.append(`line ${n} ${'x'.repeat(30)}`)
  expect(await readdir(directory.path)).toEqual(['failsafe.log'])
  expect(await readFile(directory.in('failsafe.log'), 'utf8')).toMatch(/^line 18 x+\nline 19 x+\n$/)
})

test('a log that somebody removed begins again, and a disk that is full keeps nothing from going on', async () => {
  await using directory = await temporaryDirectory()
  const file = new RotatingFile(directory.in('log', 'failsafe.log'), { maxBytes: 1000, keep: 2 })
  const heard: string[] = []
  const log = new Log([toFile(file), ({ message }) => void heard.push(message)], plain, now)
  log.info('one')
  await rm(directory.in('log'), { recursive: true })
  log.info('two')
  expect(JSON.parse(await readFile(file.path, 'utf8'))).toEqual({
    time: '2027-01-01T00:00:00.000Z',
    level: 'info',
    message: 'two',
  })
  const full = new Log(
    [toFile(new RotatingFile('/dev/full', { maxBytes: 1e9, keep: 2 })), () => heard.push('x')],
    plain,
    now,
  )
  full.error('three')
  expect(full.problem).toContain('ENOSPC')
  expect(heard).toEqual(['one', 'two', 'x'])
})

test('no secret reaches the log, whatever it came in', async () => {
  await using directory = await temporaryDirectory()
  const identity = await generateX25519Identity()
  const key = await newSigningKey()
  const proof = await makeProof(
    { method: 'GET', target: '/v1/sources', body: new Uint8Array() },
    key,
    'acme.A',
    'main',
    now(),
  )
  const env = { SHOP_PASSWORD: 'correct horse battery', FAILSAFE_PASSCODE: 'three words here', HOME: '/root' }
  const known = secretsIn(env, 'connection: { passwordEnv: SHOP_PASSWORD }')
  expect(known.sort()).toEqual(['correct horse battery', 'three words here'])
  const secrets = [
    ...known,
    identity,
    proof,
    key.d,
    'linkSecret_0123456789',
    'enrolSecret-0123456789',
    'hunter2',
    'deadbeefcafe',
    'AKIAEXAMPLE',
    'sessiontoken123',
    'bearerSecret00',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'opensesame',
  ]
  const texts = [
    'Restore with https://receiver.example.net/r#linkSecret_0123456789 now',
    'failsafe enrol "https://receiver.example.net#main.enrolSecret-0123456789"',
    'mysql://backup:hunter2@127.0.0.1:3306/shop',
    'PUT https://b.s3.amazonaws.com/packs/1?X-Amz-Credential=AKIAEXAMPLE%2F2027&X-Amz-Security-Token=sessiontoken123&X-Amz-Signature=deadbeefcafe&x=1',
    'authorization: Bearer bearerSecret00',
    `authorization: Proof ${proof}`,
    `a bare token ${proof}.`,
    `${identity}\n# customer-key: ${key.d}`,
    'webhook whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'Access denied (using password: YES), password=hunter2, "passcode": "opensesame"',
    'env says correct horse battery and three words here',
  ]
  const file = new RotatingFile(directory.in('failsafe.log'), { maxBytes: 1e6, keep: 2 })
  const stderr = new PassThrough()
  const log = new Log([toFile(file), toStderr(stderr, false)], redactor(known), now)
  for (const text of texts) {
    log.error(text, { detail: { list: [text] }, password: 'hunter2', authorization: `Proof ${proof}`, key })
    log.error(
      text
        .toUpperCase()
        .replace('HTTPS', 'https')
        .replace(/[A-Z0-9]{12,}/g, 'x'),
      { token: 'opensesame' },
    )
  }
  const written = (await readFile(file.path, 'utf8')) + stderr.read()
  for (const secret of secrets) expect(written, secret).not.toContain(secret)
  // What is of use to whoever reads it is still there.
  for (const kept of ['https://receiver.example.net/r#[hidden] now', '@127.0.0.1:3306/shop', '&x=1', 'Access denied'])
    expect(written).toContain(kept)
})

test('in the journal of systemd each line has its priority, elsewhere its time', () => {
  const stderr = new PassThrough()
  const log = new Log([toStderr(stderr, true)], plain, now)
  log.info('begins')
  log.warning('hm')
  log.error('breaks\u001b[2J\nin two')
  expect(String(stderr.read())).toBe('<6>begins\n<4>hm\n<3>breaks\u{fffd}[2J\u{fffd}in two\n')
  new Log([toStderr(stderr, false)], plain, now).info('begins')
  expect(String(stderr.read())).toBe('2027-01-01 00:00:00 begins\n')
})

test('the journal is known by where stderr leads, not by a variable that was inherited', async () => {
  const look = (wrong: boolean) => `
    import { fstatSync } from 'node:fs'
    import { isJournal } from '${new URL('../../uploader/log/sinks.ts', import.meta.url).pathname}'
    const { dev, ino } = fstatSync(2, { bigint: true })
    console.log(isJournal({ JOURNAL_STREAM: \`\${dev}:\${ino + ${wrong ? 1 : 0}n}\` }), isJournal({}))`
  for (const wrong of [false, true]) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', look(wrong)])
    expect(stdout).toBe(`${!wrong} false\n`)
  }
})

test('failures, and nothing else, go to the event log of Windows, each as one argument', async () => {
  await using directory = await temporaryDirectory()
  const program = directory.in('eventcreate.exe')
  await writeFile(program, `#!/bin/sh\nprintf '%s\\n' "$@" >> ${directory.in('events')}\n`)
  await chmod(program, 0o755)
  const problems: Error[] = []
  const log = new Log([toEventLog(program, error => problems.push(error))], plain, now)
  log.info('all is well')
  log.error('shop: "full" & failed')
  await expect
    .poll(() => readFile(directory.in('events'), 'utf8').catch(() => ''))
    .toBe(
      ['/T', 'ERROR', '/ID', '1', '/L', 'APPLICATION', '/SO', 'FailSafe', '/D', 'shop: "full" & failed', ''].join('\n'),
    )
  new Log([toEventLog(directory.in('none'), error => problems.push(error))], plain, now).error('x')
  await expect.poll(() => problems.length).toBe(1)
  expect(eventProgram({ SystemRoot: 'D:\\Win' })).toBe('D:\\Win\\System32\\eventcreate.exe')
})
