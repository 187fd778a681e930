import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../uploader/config/load.ts'
import { grantedToOthers } from '../../uploader/files/acl/grants.ts'
import { makePrivateDirectory } from '../../uploader/files/make-private-directory.ts'
import { temporaryDirectory } from './directory.ts'

describe('a list of rights keeps everybody out but SYSTEM and the Administrators', () => {
  test.each([
    ['by their letters, inherited or not', 'D:PAI(A;;FA;;;SY)(A;OICIID;FA;;;BA)'],
    ['by their SIDs', 'D:AI(A;ID;FA;;;S-1-5-18)(A;ID;FA;;;S-1-5-32-544)'],
    ['where others are denied', 'D:P(D;;FA;;;WD)(A;;FA;;;SY)'],
    ['where others are granted what is made below, and not this', 'D:P(A;;FA;;;SY)(A;OICIIO;GA;;;CO)'],
  ])('%s', (_what, descriptor) => {
    expect(grantedToOthers(descriptor)).toEqual([])
  })

  test.each([
    [
      'the Users may read, as by default in ProgramData',
      'D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)',
      ['BU'],
    ],
    [
      'an account of its own may',
      'D:(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-512)',
      ['S-1-5-21-1004336348-1177238915-682003330-512'],
    ],
    ['everybody may, under a condition', 'D:(XA;;FR;;;WD;(@User.Title=="PM"))', ['everybody']],
    ['there is no list', '', ['everybody']],
    ['there is a list that lets everybody in', 'D:NO_ACCESS_CONTROL', ['everybody']],
    ['there is an owner only', 'O:BAG:SY', ['everybody']],
    ['an entry is cut off', 'D:P(A;;FA;;;SY)(A;;FA', ['everybody']],
  ])('unless %s', (_what, descriptor, others) => {
    expect(grantedToOthers(descriptor)).toEqual(others)
  })
})

/** Stands in for Windows' icacls: saves the list that the test gives, in the form that the real one is documented to write. */
async function standIn(directory: string, descriptor: string) {
  const program = join(directory, 'System32', 'icacls.exe')
  await mkdir(join(directory, 'System32'), { recursive: true })
  const lines = [
    '#!/bin/sh',
    `echo "$@" >> ${join(directory, 'asked')}`,
    `[ "$2" = /save ] && printf '%s\\r\\n%s\\r\\n' "$(basename "$1")" '${descriptor}' | iconv -t UTF-16LE > "$3"`,
    'exit 0',
  ]
  await writeFile(program, lines.join('\n'))
  await chmod(program, 0o755)
  vi.stubEnv('SystemRoot', directory)
}
afterEach(() => vi.unstubAllEnvs())

test('a configuration on Windows is used only where its ACL names nobody else, and the error says how to mend it', async () => {
  await using directory = await temporaryDirectory()
  const path = directory.in('failsafe.yaml')
  await writeFile(path, 'state: { dir: D:/state }')
  const load = () => loadConfig(path, {}, 'win32')
  await standIn(directory.path, 'D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)')
  await expect(load()).rejects.toMatchObject({
    code: 'file-not-private',
    why: 'its ACL names BU beside SYSTEM and the Administrators',
    fix: `Run: icacls "${path}" /inheritance:r /grant:r *S-1-5-18:F /grant:r *S-1-5-32-544:F`,
  })
  await standIn(directory.path, 'D:PAI(A;;FA;;;SY)(A;;FA;;;BA)')
  expect((await load()).state.dir).toBe('D:/state')
  vi.stubEnv('SystemRoot', directory.in('nowhere'))
  await expect(load()).rejects.toMatchObject({ code: 'file-not-private', fix: 'Run failsafe as an administrator' })
})

test('a state directory that is made on Windows belongs to SYSTEM and the Administrators alone; one that was there stays as it is', async () => {
  await using directory = await temporaryDirectory()
  await standIn(directory.path, '')
  const state = directory.in('FailSafe', 'state')
  await makePrivateDirectory(state, 'win32')
  await makePrivateDirectory(state, 'win32')
  expect(await readFile(directory.in('asked'), 'utf8')).toBe(
    `${directory.in('FailSafe')} /inheritance:r /grant:r *S-1-5-18:(OI)(CI)F /grant:r *S-1-5-32-544:(OI)(CI)F /q\n`,
  )
})
