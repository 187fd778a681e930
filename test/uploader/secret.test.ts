import { chmod, writeFile } from 'node:fs/promises'
import { expect, test, vi } from 'vitest'
import { readSecret } from '../../uploader/config/secret.ts'
import { temporaryDirectory } from './directory.ts'

test('a password is the first line of its file', async () => {
  await using directory = await temporaryDirectory()
  await writeFile(directory.in('pw'), ' p\'w "ü \r\nsecond line\n', { mode: 0o600 })
  expect(await readSecret({ passwordFile: directory.in('pw') })).toBe(' p\'w "ü ')
})

test('a password file that others may read is refused', async () => {
  await using directory = await temporaryDirectory()
  await writeFile(directory.in('pw'), 'hunter2')
  await chmod(directory.in('pw'), 0o644)
  const failure = await readSecret({ passwordFile: directory.in('pw') }).catch(error => error)
  expect(failure.code).toBe('file-not-private')
  expect(failure.line).not.toContain('hunter2')
})

test('a password file that is missing or empty is said with its path', async () => {
  await using directory = await temporaryDirectory()
  const path = directory.in('pw')
  await expect(readSecret({ passwordFile: path })).rejects.toMatchObject({ code: 'secret-unreadable', why: 'ENOENT' })
  await writeFile(path, '\n', { mode: 0o600 })
  await expect(readSecret({ passwordFile: path })).rejects.toMatchObject({ code: 'secret-empty' })
})

test('a password may come from the environment', async () => {
  vi.stubEnv('FAILSAFE_TEST_PW', 'from there')
  try {
    expect(await readSecret({ passwordEnv: 'FAILSAFE_TEST_PW' })).toBe('from there')
    await expect(readSecret({ passwordEnv: 'FAILSAFE_TEST_NONE' })).rejects.toMatchObject({ code: 'secret-unreadable' })
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a password may come from a command, whose failure does not show it', async () => {
  expect(await readSecret({ passwordCommand: 'echo "from $((1+1))"' })).toBe('from 2')
  const failure = await readSecret({ passwordCommand: 'echo hunter2; echo hunter2 >&2; exit 3' }).catch(error => error)
  expect(failure).toMatchObject({ code: 'secret-unreadable', why: 'it ended with 3' })
  expect(JSON.stringify([failure.line, failure.cause, failure.stack])).not.toContain('hunter2')
})

test('where no source is named there is no password', async () => {
  expect(await readSecret({})).toBeUndefined()
})
