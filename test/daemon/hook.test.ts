import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runHook } from '../../uploader/daemon/hook.ts'
import { run } from '../support/run.ts'
import { temporaryDirectory } from '../uploader/directory.ts'

const sh = (script: string, ...more: string[]) => ['/bin/sh', '-c', script, 'hook', ...more]

test('a hook gets its arguments as they are, its environment and its input', async () => {
  await using directory = await temporaryDirectory()
  const script = `{ echo "$1"; echo "$FAILSAFE_SOURCE"; cat; } > ${directory.in('out')}`
  const problem = await runHook(sh(script, '$(id) "a  b"'), {
    input: '{"type":"summary"}\n',
    env: { FAILSAFE_SOURCE: 'shop' },
  })
  expect(problem).toBeUndefined()
  expect(await readFile(directory.in('out'), 'utf8')).toBe('$(id) "a  b"\nshop\n{"type":"summary"}\n')
})

test.each([
  ['ends with an error', sh('echo "no mail today" >&2; exit 3'), 'it ended with 3; it said: no mail today'],
  ['kills itself', sh('kill -9 $$'), 'it ended with SIGKILL'],
  ['is not there', ['/nowhere/at/all'], 'spawn /nowhere/at/all ENOENT'],
  ['hangs', sh('sleep 60'), 'it did not end within 0.3 seconds'],
  [
    'leaves somebody behind who holds its output',
    sh('sleep 60 & echo started; sleep 60'),
    'it did not end within 0.3 seconds; it said: started',
  ],
])('one that %s is told of and held up nobody', async (_what, command, problem) => {
  const before = performance.now()
  expect(await runHook(command, { input: 'x'.repeat(1e6), env: {}, milliseconds: 300 })).toBe(problem)
  expect(performance.now() - before).toBeLessThan(5000)
})

test('one that does not read its input, and one that says very much, are fine', async () => {
  expect(await runHook(sh('exit 0'), { input: 'x'.repeat(5e6), env: {} })).toBeUndefined()
  expect(await runHook(sh('head -c 5000000 /dev/zero'), { input: '', env: {} })).toBeUndefined()
})

test('where the system has no more files to give, that is told, and the process that wanted to call it goes on', async () => {
  const hook = new URL('../../uploader/daemon/hook.ts', import.meta.url).href
  const script = `
    import { openSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { runHook } from ${JSON.stringify(hook)}
    const opened = () => { try { return openSync('/dev/null') } catch { return undefined } }
    while (opened() !== undefined);
    const problem = await runHook(['/bin/true'], { input: '', env: {}, milliseconds: 100 })
    await setTimeout(300) // longer than the hook might have taken
    process.stdout.write(problem ?? 'done')`
  const node = [process.execPath, '--input-type=module', '--eval', script]
  const { code, stdout } = await run('/bin/sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', ...node])
  expect(stdout).toBe('spawn /bin/true EMFILE')
  expect(code).toBe(0)
})
