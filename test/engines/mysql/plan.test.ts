import { expect, test } from 'vitest'
import { newUlid } from '../../../shared/ids.ts'
import { comparePositions } from '../../../shared/position.ts'
import type { CommittedSnapshot, LaneHeads, SnapshotKind } from '../../../shared/snapshot.ts'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { requireVersion } from '../../../uploader/engines/mysql/inspect.ts'
import type { Inventory } from '../../../uploader/engines/mysql/inventory.ts'
import { isOfServer, newPlace, positionOf, serverOf } from '../../../uploader/engines/mysql/position.ts'
import { releaseOf } from '../../../uploader/engines/mysql/release.ts'
import { parseTarget } from '../../../uploader/engines/mysql/restore/target.ts'
import { inventory } from './inventory.ts'

const none = { data: null, log: null }
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

function committed(
  kind: 'full' | 'log',
  at: string,
  more: { stream?: string; logCreated?: string } = {},
): CommittedSnapshot {
  const to = { stream: more.stream ?? `${serverOf(inventory)}/${time}`, at }
  const info: Record<string, string> = more.logCreated === undefined ? { logCreated: '1700000000' } : {}
  const units = [{ unit: 'server', kind, base: null, from: to, to, covers: { from: time, to: time }, info }]
  const lane = kind === 'full' ? ('data' as const) : ('log' as const)
  return { snapshot: `${newUlid()}.${newUlid()}`, lane, kind, receivedAt: '2026-11-22T10:15:00Z', units }
}
const full = (at: string, more = {}) => committed('full', at, more)
const inSeven = '0000000007:000000001234'
const heads = { data: full(inSeven), log: null }
const log = (change: Partial<NonNullable<Inventory['log']>>): Inventory => ({
  ...inventory,
  log: { ...inventory.log!, ...change },
})

test.each([
  ['full', inventory, heads, null],
  ['differential', inventory, heads, 'NO_DIFFERENTIAL'],
  ['log', { ...inventory, logBase: null, log: null }, heads, 'LOG_OFF'],
  ['log', inventory, none, 'NO_FULL'],
  ['log', inventory, { data: full(inSeven, { stream: 'another/binlog/x' }), log: null }, 'IDENTITY_CHANGED'],
  ['log', { ...inventory, serverId: '2' }, heads, 'IDENTITY_CHANGED'],
  ['log', inventory, { data: full(inSeven, { logCreated: '' }), log: null }, 'LOG_UNKNOWN'],
  ['log', log({ format: 'STATEMENT' }), heads, 'BINLOG_FORMAT'],
  ['log', log({ filters: ['binlog_do_db = shop'] }), heads, 'BINLOG_FILTERED'],
  ['log', log({ encrypted: true }), heads, 'BINLOG_ENCRYPTED'],
  ['log', log({ files: null }), heads, 'LOG_RIGHTS'],
  ['log', { ...inventory, rights: ['SELECT', 'REPLICATION CLIENT'] }, heads, 'LOG_RIGHTS'],
  ['log', inventory, { data: full('0000000005:000000001234'), log: null }, 'BINLOG_PURGED'],
  ['log', inventory, { data: full('0000000009:000000000004'), log: null }, 'BINLOG_RESET'],
  ['log', inventory, { data: full('0000000007:000000004001'), log: null }, 'BINLOG_RESET'],
  [
    'log',
    log({ files: [inventory.log!.files![0]!, inventory.log!.files![2]!] }),
    { data: full('0000000006:000000000300'), log: null },
    'BINLOG_GAP',
  ],
] as [SnapshotKind, Inventory, LaneHeads, string | null][])(
  'a requested %s becomes a full, with the reason where it is another kind',
  (requested, given, known, code) => {
    const plan = mysql.plan(requested, given, known)
    expect(plan.kind).toBe('full')
    expect(plan.promoted?.code ?? null).toBe(code)
    expect(plan.steps).toHaveLength(5)
    expect(plan.engineVersion).toBe('MariaDB 10.11.19-MariaDB-log')
  },
)

test('a log goes on where the last log ended, or where the last full did if that is further on', () => {
  const continued = (known: LaneHeads) => {
    const plan = mysql.plan('log', inventory, known)
    expect(plan).toMatchObject({ kind: 'log', promoted: null })
    return { at: plan.continues![0]!.to.at, bytes: plan.expectedBytes }
  }
  expect(continued(heads)).toEqual({ at: inSeven, bytes: 4339 })
  const atEight = '0000000008:000000000004'
  expect(continued({ data: heads.data, log: committed('log', atEight) })).toEqual({ at: atEight, bytes: 339 })
  const atSix = '0000000006:000000000004'
  expect(continued({ data: heads.data, log: committed('log', atSix) }).at).toBe(atSix)
  const purged = '0000000005:000000000004'
  expect(continued({ data: heads.data, log: committed('log', purged) }).at).toBe(inSeven)
  const ofBefore = committed('log', atEight, { stream: `${serverOf(inventory)}/2020` })
  expect(continued({ data: heads.data, log: ofBefore }).at).toBe(inSeven)
})

test('positions sort as the log goes, over the end of a file and of a digit', () => {
  const at = (file: string, offset: string) =>
    positionOf(inventory, { log: { file, offset }, time }, newPlace(inventory, { time }, null))
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
  const place = newPlace(inventory, { time }, null)
  const position = positionOf({ ...inventory, logBase: null }, { log: null, time }, place)
  expect(position.at).toBe(time)
  expect(isOfServer(position.stream, inventory)).toBe(false)
})

test('two servers that both call themselves number 1 are two histories', () => {
  expect(serverOf(inventory)).not.toBe(serverOf({ ...inventory, hostname: 'db2' }))
  expect(serverOf({ ...inventory, flavour: 'mysql', serverUuid: 'a-b' })).toBe('a-b/binlog')
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
  for (const wrong of [
    'root@h',
    'http://root@h',
    'mysql://h',
    'mysql://root@h?ssl=1',
    'mysql://root@h?tls=maybe',
    'mysql://root:50%off@h',
  ])
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
