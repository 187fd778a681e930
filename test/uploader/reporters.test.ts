import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { formatBytes, formatSeconds, formatTable, printable } from '../../uploader/output/format.ts'
import { JsonReporter } from '../../uploader/output/json.ts'
import { TextReporter } from '../../uploader/output/text.ts'

function sink(isTTY = false) {
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  return Object.assign(stream, { isTTY, columns: 100, text: () => text })
}

const plan = {
  source: 'shop',
  engine: 'mysql',
  kind: 'full',
  promoted: 'there is no full yet',
  steps: ['Connect', 'Back up'],
}
const failure = new Failure('staging-full', 'The staging directory is full', { why: 'ENOSPC', fix: 'Make room' })

describe('with --json', () => {
  function reporter() {
    const out = sink()
    let time = 0
    return {
      reporter: new JsonReporter(out, () => time),
      pass: (milliseconds: number) => {
        time += milliseconds
      },
      events: () =>
        out
          .text()
          .trim()
          .split('\n')
          .map(line => JSON.parse(line)),
    }
  }

  test('every line is one object with a type', () => {
    const { reporter: to, events } = reporter()
    to.plan(plan)
    to.step(1, 'Connect')
    to.warning('slow', 'It is slow')
    to.summary({ json: { source: 'shop' }, lines: ['not for programs'] })
    expect(events()).toEqual([
      { type: 'plan', ...plan },
      { type: 'progress', step: 1, text: 'Connect' },
      { type: 'warning', code: 'slow', message: 'It is slow' },
      { type: 'summary', source: 'shop' },
    ])
  })

  test('progress comes once a second at most', () => {
    const { reporter: to, events, pass } = reporter()
    for (let done = 0; done < 35; done++) {
      to.progress({ label: 'sealed', done, total: 100 })
      pass(100)
    }
    expect(events().map(event => event.done)).toEqual([0, 10, 20, 30])
  })

  test('an error has code, what, why, what to do and the exit code', () => {
    const { reporter: to, events } = reporter()
    to.error(failure)
    expect(events()).toEqual([
      {
        type: 'error',
        code: 'staging-full',
        message: 'The staging directory is full',
        why: 'ENOSPC',
        fix: 'Make room',
        retriable: false,
        exit: 1,
      },
    ])
  })
})

describe('for people', () => {
  function reporter(isTTY: boolean, env: NodeJS.ProcessEnv = {}) {
    const [talk, data] = [sink(isTTY), sink()]
    return { reporter: new TextReporter({ talk, data, env }), talk, data }
  }

  test('steps are numbered talk on stderr, the summary is data on stdout', () => {
    const { reporter: to, talk, data } = reporter(false)
    to.plan(plan)
    to.step(1, 'Connect')
    to.step(2, 'Back up')
    to.summary({ json: {}, lines: ['done', 'twice \u001b[2J'] })
    expect(talk.text()).toContain('there is no full yet')
    expect(talk.text()).toContain('\n1. Connect\n2. Back up\n')
    expect(data.text()).toBe('done\ntwice \ufffd[2J\n')
  })

  test('an error is one line', () => {
    const { reporter: to, talk } = reporter(false)
    to.error(failure)
    expect(talk.text()).toBe('Error: The staging directory is full: ENOSPC. Make room\n')
  })

  test('nothing moves where there is no terminal', () => {
    const { reporter: to, talk } = reporter(false)
    to.progress({ label: 'sealed', done: 1, total: 2 })
    expect(talk.text()).toBe('')
  })

  test('a terminal gets a bar with bytes, and lines do not run into it', () => {
    const { reporter: to, talk } = reporter(true, { NO_COLOR: '1' })
    to.progress({ label: 'sealed', done: 2 ** 20, total: 2 ** 22 })
    to.step(2, 'Back up')
    to.progress({ label: 'sealed', done: 2 ** 21, total: 2 ** 22 })
    to.summary({ json: {}, lines: [] })
    expect(talk.text()).toContain('1.0 MiB of 4.0 MiB')
    expect(talk.text()).toMatch(/(^|[\n\r]|\u001b\[\w+)2\. Back up\n/)
  })

  test('an estimate that turns out too small does not make the bar run over', () => {
    const { reporter: to, talk } = reporter(true)
    to.progress({ label: 'sealed', done: 2 ** 22, total: 2 ** 20 })
    to.summary({ json: {}, lines: [] })
    expect(talk.text()).toContain('4.0 MiB of 4.0 MiB')
  })

  test('colours are for terminals, and not with NO_COLOR', () => {
    const coloured = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
      const { reporter: to, talk } = reporter(isTTY, env)
      to.error(failure)
      return talk.text().includes('\u001b[31m')
    }
    expect(coloured(true, {})).toBe(true)
    expect(coloured(true, { NO_COLOR: '1' })).toBe(false)
    expect(coloured(true, { TERM: 'dumb' })).toBe(false)
    expect(coloured(false, {})).toBe(false)
  })

  test('names from elsewhere cannot steer the terminal', () => {
    const { reporter: to, talk } = reporter(true)
    to.warning('x', 'a\u001b[2Jb\nc\u202ed')
    expect(talk.text()).toContain('a\ufffd[2Jb\ufffdc\ufffdd\n')
  })
})

test('figures are written for people', () => {
  expect([0, 1023, 1536, 5 * 2 ** 40].map(formatBytes)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 TiB'])
  expect([0.42, 59.4, 75, 3700].map(formatSeconds)).toEqual(['0.4 s', '59 s', '1 min 15 s', '1 h 1 min'])
  expect(
    formatTable([
      ['a', 'b'],
      ['longer', 'c'],
    ]),
  ).toEqual(['a       b', 'longer  c'])
  expect(printable('ü 🛒')).toBe('ü 🛒')
})
