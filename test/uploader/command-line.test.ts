import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { formatKit, newKit } from '../../shared/kit.ts'
import { tasks } from '../../uploader/commands/verbs.ts'
import { run as runProgram } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'
import { runHere as run } from './terminal.ts'

const verbs = tasks.flatMap(({ verbs }) => verbs.map(({ name }) => name))
const main = join(import.meta.dirname, '../../uploader/main.ts')

describe('help', () => {
  test('lists every verb by task', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    for (const { task, verbs } of tasks) {
      expect(stdout).toContain(`${task}:`)
      for (const { usage } of verbs) expect(stdout).toContain(`failsafe ${usage}`)
    }
    expect((await run([])).stdout).toBe(stdout)
  })

  const each = [
    ...verbs.filter(name => name !== 'kit' && name !== 'service').map(name => [name]),
    ['kit', 'show'],
    ['kit', 'check'],
    ['kit', 'certify'],
    ...['install', 'uninstall', 'status', 'start', 'stop'].map(act => ['service', act]),
  ]
  test.each(each.map(words => [words.join(' '), words] as const))(
    'of %s has an example and its exit codes',
    async (name, words) => {
      const { code, stdout } = await run([...words, '--help'])
      expect(code).toBe(0)
      expect(stdout).toMatch(new RegExp(`Examples:\\n  (.* )?failsafe ${name}`))
      expect(stdout).toMatch(/Exit codes:\n {4}0 {2}done\n {4}1 {2}/)
      expect(stdout).toContain('130  interrupted')
    },
  )

  test('of one verb is also there as `failsafe help <verb>`', async () => {
    expect((await run(['help', 'backup'])).stdout).toBe((await run(['backup', '--help'])).stdout)
  })
})

describe('wrong usage ends with 2 and one line', () => {
  const wrong: [string, string[]][] = [
    ['an unknown verb', ['bakcup']],
    ['an unknown option', ['backup', 'shop', '--frobnicate']],
    ['a missing argument', ['backup']],
    ['too many arguments', ['backup', 'shop', 'crm']],
    ['an unknown mode', ['backup', 'shop', '--mode', 'incremental']],
    ['a snapshot id that is none', ['show', 'newest']],
    ['a restore without a directory', ['restore', 'shop']],
    ['a moment without an offset', ['restore', 'shop', '--to', 'x', '--at', '2026-11-05 14:10']],
    ['a link for too long', ['link', 'shop', '--expires', '25h']],
    ['a number of uses that is none', ['link', 'shop', '--uses', 'many']],
    ['--apply without a target', ['restore', 'shop', '--to', 'x', '--apply']],
    ['--target without --apply', ['restore', 'shop', '--to', 'x', '--target', 'mysql://x']],
    ['--before of a part without --apply', ['restore', 'shop', '--to', 'x', '--before', 'b.000001:4', '--only', '*']],
    [
      'two moments',
      [
        'restore',
        'shop',
        '--to',
        'x',
        '--at',
        '2026-11-05T14:10:00Z',
        '--snapshot',
        '01JDB0000000000000000000AA.01JDB0000000000000000000AB',
      ],
    ],
    ['a restore without an identity', ['restore', 'shop', '--to', 'x']],
    ['an identity that is none', ['kit', 'show', '--identity', '/dev/null']],
    ['a fingerprint that is none', ['kit', 'certify', 'abc', '--identity', 'x']],
    ['enrolling without kit or recipient', ['enrol', 'https://r.example.net#main.secret']],
    [
      'enrolling with both',
      ['enrol', 'https://r.example.net#main.secret', '--recovery-kit', 'k', '--recipient', 'age1x'],
    ],
    ['a configuration that is missing', ['list', '--config', '/nowhere/failsafe.yaml']],
  ]
  test.each(wrong)('%s', async (_what, args) => {
    const { code, stdout, stderr } = await run(args)
    expect(code, stderr).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^Error: [^\n]{20,}\n$/)
    const json = await run([...args, '--json'])
    expect(json.stderr).toBe('')
    expect(JSON.parse(json.stdout)).toMatchObject({
      type: 'error',
      exit: 2,
      message: expect.any(String),
      fix: expect.any(String),
    })
  })

  test('`failsafe kit` alone shows its help', async () => {
    expect(await run(['kit'])).toMatchObject({ code: 2, stderr: expect.stringContaining('certify') })
  })
})

test('a host that is not enrolled ends with 5 and is told how to', async () => {
  await using directory = await temporaryDirectory()
  await writeFile(directory.in('failsafe.yaml'), `state: { dir: ${directory.in('state')} }`, { mode: 0o600 })
  const { code, stderr } = await run(['list', '--config', directory.in('failsafe.yaml')])
  expect(code).toBe(5)
  expect(stderr).toContain('failsafe enrol')
})

describe('secrets of the command line', () => {
  test.each([
    ['a token', ['enrol', 'https://r.example.net/#s3cr3t', '--recipient', 'age1x']],
    ['a link', ['restore', 'ftp:/r.example.net/r#s3cr3t', '--to', 'x', '--identity', 'AGE-SECRET-KEY-s3cr3t']],
    ['an identity', ['restore', 'shop', '--to', 'x', '--identity', '# format: failsafe.kit/1\nAGE-SECRET-KEY-s3cr3t']],
  ])('do not come back in the error about %s', async (_what, args) => {
    const { code, stderr } = await run(args, { env: { FAILSAFE_DEBUG: '1' } })
    expect(code).not.toBe(0)
    expect(stderr.split('\n')[0]).not.toContain('s3cr3t')
  })

  test('are gone from the process list at once', async () => {
    const script = `process.argv.splice(2, 0, 'enrol', 'https://r.example.net#main.s3cr3t'); await import(${JSON.stringify(main)})
      console.log(JSON.stringify(require('node:fs').readFileSync('/proc/self/cmdline', 'latin1').replaceAll('\\0', '')))`
    const { stdout } = await runProgram(process.execPath, [
      '--input-type=commonjs',
      '-e',
      `(async () => { ${script} })()`,
      's3cr3t',
    ])
    expect(stdout).toContain('failsafe enrol')
    expect(stdout).not.toContain('s3cr3t')
  })
})

describe('the recovery kit', () => {
  async function kitFile(directory: string) {
    const kit = await newKit({ receiver: 'https://r.example.net', tenant: null, now: new Date('2026-11-22T12:00:00Z') })
    const path = join(directory, 'kit.txt')
    await writeFile(path, await formatKit(kit), { mode: 0o600 })
    return { kit, path }
  }

  test('shows its public side and never its secrets', async () => {
    await using directory = await temporaryDirectory()
    const { kit, path } = await kitFile(directory.path)
    for (const args of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(['kit', 'show', '--identity', path, ...args])
      expect(code).toBe(0)
      expect(stdout).toContain(kit.recipient)
      for (const secret of [kit.identity, kit.customerKey.d]) expect(stdout + stderr).not.toContain(secret)
    }
  })

  test('may come from stdin, from a variable, or from a file that the variable names', async () => {
    await using directory = await temporaryDirectory()
    const { kit, path } = await kitFile(directory.path)
    const text = await formatKit(kit)
    const ways = [
      run(['kit', 'show', '--identity', '-'], { input: text }),
      run(['kit', 'show'], { env: { FAILSAFE_IDENTITY: text } }),
      run(['kit', 'show'], { env: { FAILSAFE_IDENTITY: path } }),
    ]
    for (const way of ways) expect((await way).stdout).toContain(kit.recipient)
  })

  test('vouches for an agent once it certified it, and stays a kit', async () => {
    await using directory = await temporaryDirectory()
    const { path } = await kitFile(directory.path)
    const agent = 'A'.repeat(43)
    expect((await run(['kit', 'certify', agent, '--identity', path])).code).toBe(0)
    expect((await run(['kit', 'certify', agent, '--identity', path])).stdout).toContain('already')
    const { stdout } = await run(['kit', 'show', '--identity', path, '--json'])
    expect(JSON.parse(stdout).certified).toEqual([agent])
  })

  test('is not spoilt by certifying where its last line has no end', async () => {
    await using directory = await temporaryDirectory()
    const { kit, path } = await kitFile(directory.path)
    await writeFile(path, (await formatKit(kit)).trimEnd())
    expect((await run(['kit', 'certify', 'A'.repeat(43), '--identity', path])).code).toBe(0)
    expect((await readFile(path, 'utf8')).split('\n')).toContain(kit.identity)
    const { stdout } = await run(['kit', 'show', '--identity', path, '--json'])
    expect(JSON.parse(stdout).certified).toEqual(['A'.repeat(43)])
  })

  test('cannot lie below a file', async () => {
    const args = ['enrol', 'https://r.example.net#main.s', '--recovery-kit', join(main, 'kit.txt')]
    await using directory = await temporaryDirectory()
    await writeFile(directory.in('c.yaml'), `state: { dir: ${directory.in('state')} }`, { mode: 0o600 })
    const { code, stderr } = await run([...args, '--config', directory.in('c.yaml')])
    expect(stderr).toMatch(/^Error: The recovery kit .*main\.ts\/kit\.txt cannot be written: ENOTDIR/)
    expect(code).toBe(1)
  })
})

describe('the program', () => {
  test('starts quickly for --version, and loads no verb for it', async () => {
    const { stdout, code } = await runProgram(process.execPath, [main, '--version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const probe = `import(${JSON.stringify(main)}); process.on('exit', () => console.error(process.memoryUsage().heapUsed))`
    const { stderr } = await runProgram(process.execPath, [
      '-e',
      `process.argv.splice(1, 0, 'x', '--version'); ${probe}`,
    ])
    expect(Number(stderr.trim())).toBeLessThan(12 * 2 ** 20)
  })

  test('shows no stack trace unless FAILSAFE_DEBUG=1 asks for it', async () => {
    const args = [main, 'list', '--config', '/nowhere/failsafe.yaml']
    const quiet = await runProgram(process.execPath, args, { env: { FAILSAFE_DEBUG: undefined } })
    expect(quiet.stderr).not.toMatch(/^\s+at /m)
    const loud = await runProgram(process.execPath, args, { env: { FAILSAFE_DEBUG: '1' } })
    expect(loud.stderr).toMatch(/^\s+at /m)
    expect([quiet.code, loud.code]).toEqual([2, 2])
  })

  test('ends quietly when its reader has seen enough', async () => {
    const { code, stderr } = await runProgram('/bin/sh', [
      '-c',
      `"$0" "$1" --help | true; "$0" "$1" --help | head -1`,
      process.execPath,
      main,
    ])
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  test('ends with the code of its work where nobody reads what it says', async () => {
    const args = [process.execPath, main, '/nowhere/failsafe.yaml']
    const list = '"$0" "$1" list --config "$2"'
    // dash has no pipefail: the code goes out on descriptor 3.
    const code = (command: string) =>
      runProgram('/bin/sh', ['-c', `{ { { sleep 0.1; ${command}; echo $? >&3; } | true; } 3>&1; }`, ...args])
    expect((await code(`${list} --json`)).stdout).toBe('2\n')
    expect((await code(`${list} 2>&1`)).stdout).toBe('2\n')
  })

  test('fails where its output cannot be written', async () => {
    const { code, stderr } = await runProgram('/bin/sh', ['-c', '"$0" "$1" --help >/dev/full', process.execPath, main])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Error: The output cannot be written: ENOSPC[^\n]*\n$/)
  })
})

test('a file may be named with a drive letter and slashes', async () => {
  const { code, stderr } = await run(['enrol', 'C:/nowhere/token.txt', '--recipient', 'age1x'])
  expect(code).toBe(2)
  expect(stderr).toContain('C:/nowhere/token.txt cannot be read: ENOENT')
})

test('every verb is a file of its own', async () => {
  const files = await readdir(join(import.meta.dirname, '../../uploader/commands'))
  for (const name of verbs) expect(files).toContain(`${name}.ts`)
})
