import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { Settings } from '../../infra/settings.ts'
import { signedDelivery } from '../../lambdas/notices/sign.ts'
import { Notice, noticeKinds } from '../../shared/notice.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string) => readFile(join(root, 'docs', file), 'utf8')

/** Cells of every row of a table whose first cell is one word of code. */
async function rowsOf(file: string): Promise<Map<string, string[]>> {
  const rows = (await read(file)).matchAll(/^\| `([\w-]+)` \|(.*)\|$/gm)
  return new Map([...rows].map(([, name, rest]) => [name!, rest!.split(' | ').map(cell => cell.trim())]))
}

test('docs/deploy.md lists every setting of the stack, with its default', async () => {
  const rows = await rowsOf('deploy.md')
  const defaults: Record<string, unknown> = Settings.parse({})
  for (const name of Object.keys(Settings.shape)) {
    const [stated] = rows.get(name) ?? []
    expect(stated, name).toBeDefined()
    if (defaults[name] === undefined) expect(stated, name).not.toMatch(/^`/)
    else expect(stated, name).toBe(`\`${defaults[name]}\``)
  }
})

test('docs/operate.md says of every notice what it means and what to do', async () => {
  const rows = await rowsOf('operate.md')
  for (const [kind, meaning] of Object.entries(noticeKinds)) {
    const [stated, advice = ''] = rows.get(kind) ?? []
    expect(stated, kind).toBe(meaning)
    expect(advice.length, kind).toBeGreaterThan(5)
  }
})

test('docs/cli.md names every verb of failsafe-admin', async () => {
  const text = (await read('cli.md')).split('## `failsafe-admin`')[1]!
  const main = await readFile(join(root, 'admin/main.ts'), 'utf8')
  const [, listed] = /for \(const command of \[([\s\S]*?)\]\)/.exec(main)!
  const verbs: string[] = []
  for (const [, name, file] of main.matchAll(/^import \{ (\w+) \} from '\.\/([\w-]+\.ts)'$/gm))
    if (listed!.includes(`${name}()`)) verbs.push(...verbsOf((await import(join(root, 'admin', file!)))[name!]()))
  expect(verbs).toEqual(expect.arrayContaining(['tenant create', 'enrol-token', 'catalogue rebuild']))
  const named = [...text.matchAll(/^\| `([a-z][a-z|\\ -]*)/gm)].flatMap(([, words]) => {
    const [group, list] = words!.trim().split(' ')
    return list === undefined ? [group] : list.split('\\|').map(each => `${group} ${each}`)
  })
  expect([...new Set(named)].sort()).toEqual(verbs.sort())
})

function verbsOf(command: Command): string[] {
  if (command.commands.length === 0) return [command.name()]
  return command.commands.flatMap(sub => verbsOf(sub).map(name => `${command.name()} ${name}`))
}

test('the verification of a webhook in docs/operate.md takes what the receiver sends, and nothing else', async () => {
  const [, code] = /```js\n(\/\/ verify\.mjs[\s\S]*?)```/.exec(await read('operate.md')) ?? []
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-webhook-'))
  try {
    await writeFile(join(directory, 'verify.mjs'), code!)
    const { verify } = await import(join(directory, 'verify.mjs'))
    const notice = Notice.parse({
      format: 'failsafe.notice/1',
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      at: '2026-11-22T14:00:00Z',
      receiver: 'r',
      tenant: 'acme',
      kind: 'run-late',
      state: 'raised',
      severity: 'warning',
      subject: { type: 'source', id: 's', name: 'büro' },
      text: 'late',
    })
    const secret = `whsec_${Buffer.from('a secret of this test').toString('base64')}`
    const { headers, body } = signedDelivery({ url: 'https://example.net', secret }, notice, new Date())
    expect(verify(secret, headers, body)).toBe(true)
    expect(verify(secret, headers, `${body} `)).toBe(false)
    expect(verify(secret.replace('whsec_', 'whsec_AAAA'), headers, body)).toBe(false)
    expect(verify(secret, { ...headers, 'webhook-id': 'another' }, body)).toBe(false)
    expect(verify(secret, { ...headers, 'webhook-signature': 'v1,' }, body)).toBe(false)
    const old = signedDelivery({ url: 'https://example.net', secret }, notice, new Date(Date.now() - 600_000))
    expect(verify(secret, old.headers, old.body)).toBe(false)
  } finally {
    await rm(directory, { recursive: true })
  }
})
