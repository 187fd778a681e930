import { expect, test } from 'vitest'
import { comparePositions } from '../../../shared/position.ts'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { releaseOf, requireVersion } from '../../../uploader/engines/mysql/inspect.ts'
import type { Inventory } from '../../../uploader/engines/mysql/inventory.ts'
import { positionOf, streamOf } from '../../../uploader/engines/mysql/position.ts'
import { parseTarget } from '../../../uploader/engines/mysql/restore/target.ts'

const inventory: Inventory = {
  flavour: 'mariadb',
  version: '10.11.19-MariaDB-log',
  release: 101119,
  serverId: '1',
  serverUuid: null,
  hostname: 'db1',
  port: '3306',
  dataDirectory: '/var/lib/mysql/',
  lowerCaseTableNames: 0,
  logBase: 'binlog',
  databases: ['shop'],
  dataBytes: 1000,
  rights: ['ALL PRIVILEGES'],
  account: { user: 'root', host: 'localhost' },
}
const heads = { data: null, log: null }
const time = '2026-11-22T10:15:00.000000Z'

test.each([
  ['mariadb', '10.1.48-MariaDB', 'MariaDB 10.1.48-MariaDB is too old'],
  ['mariadb', '10.2.0-MariaDB', null],
  ['mysql', '5.6.51', 'MySQL 5.6.51 is too old'],
  ['mysql', '5.7.44-log', null],
  ['mysql', '8.4.3', null],
] as const)(
  'a %s of version %s is refused where it cannot show how its accounts were made',
  (flavour, version, refusal) => {
    const check = () => requireVersion({ flavour, version, release: releaseOf(version) })
    if (refusal === null) expect(check).not.toThrow()
    else expect(check).toThrow(refusal)
  },
)

test.each([
  ['full', inventory, null],
  ['differential', inventory, 'NO_DIFFERENTIAL'],
  ['log', inventory, 'FULL_ONLY'],
  ['log', { ...inventory, logBase: null }, 'LOG_OFF'],
] as const)('a requested %s becomes a full, with the reason where it is another kind', (requested, given, code) => {
  const plan = mysql.plan(requested, given, heads)
  expect(plan.kind).toBe('full')
  expect(plan.promoted?.code ?? null).toBe(code)
  expect(plan.steps).toHaveLength(5)
  expect(plan.engineVersion).toBe('MariaDB 10.11.19-MariaDB-log')
})

test('positions sort as the log goes, over the end of a file and of a digit', () => {
  const at = (file: string, offset: string) => positionOf(inventory, { log: { file, offset }, time })
  const order = [
    at('binlog.000009', '999999999999'),
    at('binlog.000010', '4'),
    at('binlog.000010', '100'),
    at('binlog.999999', '4'),
    at('binlog.1000000', '4'),
  ]
  for (let i = 1; i < order.length; i++) expect(comparePositions(order[i - 1]!, order[i]!)).toBeLessThan(0)
})

test('without a log the position is a time in a stream of its own', () => {
  const position = positionOf({ ...inventory, logBase: null }, { log: null, time })
  expect(position.at).toBe(time)
  expect(position.stream).not.toBe(streamOf(inventory))
})

test('two servers that both call themselves number 1 are two histories', () => {
  expect(streamOf(inventory)).not.toBe(streamOf({ ...inventory, hostname: 'db2' }))
  expect(streamOf({ ...inventory, flavour: 'mysql', serverUuid: 'a-b' })).toBe('a-b/binlog')
})

test.each([
  ['10.11.19-MariaDB-0+deb12u1', 101119],
  ['5.5.5-10.4.3-MariaDB', 100403],
  ['8.0.36', 80036],
  ['9.1.0-commercial', 90100],
])('the version %s is release %i', (version, release) => {
  expect(releaseOf(version)).toBe(release)
})

test('a target is an address with a login, and nothing else is guessed', () => {
  expect(parseTarget('mysql://root:p%40ss@db.example.net:3307')).toEqual({
    address: { host: 'db.example.net', port: 3307 },
    user: 'root',
    password: 'p@ss',
    tls: undefined,
  })
  expect(parseTarget('mariadb://root@localhost?socket=/run/m.sock').address).toEqual({ path: '/run/m.sock' })
  expect(parseTarget('mysql://root@[::1]:3306').address).toEqual({ host: '::1', port: 3306 })
  expect(parseTarget('mysql://root@h?tls=unverified').tls).toEqual({ rejectUnauthorized: false })
  for (const wrong of ['root@h', 'http://root@h', 'mysql://h', 'mysql://root@h?ssl=1', 'mysql://root@h?tls=maybe'])
    expect(() => parseTarget(wrong)).toThrow(expect.objectContaining({ code: 'restore-target' }))
})

test('settings refuse what they do not know, and more than one password', () => {
  const parse = (connection: unknown) => mysql.settings.safeParse({ connection }).success
  expect(parse({ user: 'b' })).toBe(true)
  expect(parse({ user: 'b', passwordFile: '/x', passwordEnv: 'X' })).toBe(false)
  expect(parse({ user: 'b', password: 'plain' })).toBe(false)
  expect(parse({ user: 'b', port: 0 })).toBe(false)
  expect(parse({})).toBe(false)
})
