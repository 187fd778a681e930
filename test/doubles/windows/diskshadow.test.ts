import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WindowsServer } from './server.ts'

let server: WindowsServer
let directory: string
beforeEach(() => {
  server = new WindowsServer()
  server.addDatabase('Sales')
  server.write('Sales', { a: 'b' }, { logs: 4 })
  directory = mkdtempSync(join(tmpdir(), 'failsafe-dsh-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true })
  server[Symbol.dispose]()
})

function run(lines: string[], { end = '\r\n', mark = '' } = {}) {
  const script = join(directory, 'x.dsh')
  writeFileSync(script, mark + lines.map(line => `${line}${end}`).join(''))
  const program = join(server.env.SystemRoot!, 'System32', 'diskshadow.exe')
  const ended = spawnSync(program, ['/s', script, '/l', join(directory, 'log')], {
    env: { ...process.env, ...server.env },
  })
  return { code: ended.status, said: ended.stdout.toString() }
}

const exec = (status: number) => {
  const file = join(directory, `hook${status}.cmd`)
  writeFileSync(file, `@echo off\r\n"/bin/sh" "-c" "exit ${status}"\r\nexit /b %ERRORLEVEL%\r\n`)
  return `exec ${file}`
}
const verify =
  'writer verify "Microsoft Exchange Writer:\\Microsoft Exchange Server\\Microsoft Information Store\\EX01\\11111111-aaaa-bbbb-cccc-dddddddddddd"'
const head = ['set context persistent', 'writer verify {76fe1ac4-15f7-4bcd-987e-8e1acb462fb7}', verify, 'begin backup']
const volumes = ['add volume E: alias e', 'add volume L: alias l']

describe('the stand-in of diskshadow', () => {
  it('truncates at the end of a full, stamps the database, and keeps persistent shadows until they are deleted', () => {
    expect(run([...head, ...volumes, 'create', 'expose %e% P:', exec(0), 'end backup']).code).toBe(0)
    expect(server.truncated.Sales).toBeGreaterThan(0)
    expect(server.database('Sales').lastFull).not.toBeNull()
    expect(server.world.shadows).toHaveLength(2)
    expect(run(['delete shadows exposed P:', 'exit']).code).toBe(0)
    expect(server.world.shadows).toHaveLength(1)
  })

  it('drops a database silently where its log volume is missing, and fails where it was to be verified', () => {
    const without = ['set context persistent', 'begin backup', 'add volume E: alias e', 'create', exec(0), 'end backup']
    expect(run(without).code).toBe(0)
    expect(server.truncated).toEqual({})
    const verified = run([...head, 'add volume E: alias e', 'create', exec(0), 'end backup'])
    expect(verified.code).not.toBe(0)
    expect(verified.said).toContain('Returned HRESULT')
    expect(server.truncated).toEqual({})
  })

  it('truncates nothing where the hook ends badly, or where it is a copy', () => {
    expect(run([...head, ...volumes, 'create', exec(1), 'end backup']).code).not.toBe(0)
    expect(run(['set context persistent', ...volumes, 'create', exec(0)]).code).toBe(0)
    expect(server.truncated).toEqual({})
  })

  it.each([
    ['an unknown command', ['make coffee']],
    ['create without a volume', ['create']],
    ['expose before create', ['set context persistent', ...volumes, 'expose %e% P:']],
    ['expose without a persistent context', [...volumes, 'create', 'expose %e% P:']],
    ['an unknown alias', ['set context persistent', ...volumes, 'create', 'expose %x% P:']],
    ['a letter in use', ['set context persistent', ...volumes, 'create', 'expose %e% L:']],
    ['the end of what was not begun', ['set context persistent', ...volumes, 'create', 'end backup']],
    ['a volume after create', ['set context persistent', 'add volume E: alias e', 'create', 'add volume L: alias l']],
    ['a volume twice', [...volumes, 'add volume E: alias again']],
    ['a volume that is not there', ['add volume Z: alias z']],
    ['a context that leaves all writers out', ['set context persistent nowriters']],
    ['the deletion of all shadows', ['delete shadows all now']],
    ['the deletion of the shadows of a volume', ['delete shadows volume E:']],
  ])('refuses %s', (_what, lines) => {
    expect(run(lines).code).not.toBe(0)
  })

  it('refuses scripts that are not plain text with CR LF', () => {
    expect(run(['exit'], { end: '\n' }).code).not.toBe(0)
    expect(run(['exit'], { mark: '\uFEFF' }).code).not.toBe(0)
  })
})
