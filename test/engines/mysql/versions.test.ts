import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeServer, differences, type ServerDescription } from '../../support/compare-servers.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'
import { applyTo, type Dumped, dump, failureOf, scriptsOf, settingsFor } from './harness.ts'
import { isMysql, nastyOn } from './nasty/nasty.ts'
import { makeNasty } from './nasty.ts'
import { makeSamples } from './samples.ts'

const releases: Release[] = ['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7']
const servers = new Map<Release, Database>()
const at = (release: Release) => servers.get(release)!

beforeAll(async () => {
  for (const release of releases) {
    const server = await startDatabase({ release, options: { max_allowed_packet: '1G' } })
    servers.set(release, server)
    const connection = await server.connect()
    const [[is]] = (await connection.query('SELECT VERSION() AS version')) as any
    console.log(`${release}: ${is.version}`)
    const nasty = nastyOn(connection, release)
    if (isMysql(nasty)) await nasty.all('SET SESSION cte_max_recursion_depth = 1000000')
    await makeSamples(nasty)
    await connection.end()
  }
})
afterAll(() => Promise.all([...servers.values()].map(server => server.stop())))

async function describeIt(server: Database): Promise<ServerDescription> {
  const connection = await server.connect()
  try {
    return await describeServer(connection)
  } finally {
    await connection.end()
  }
}

async function hashesOf(dumped: Dumped): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {}
  for (const { name } of scriptsOf(dumped))
    hashes[name] = createHash('sha256')
      .update(await readFile(join(dumped.directory, name)))
      .digest('hex')
  return hashes
}

test.each(releases)('the shapes of well-known sample databases come back to the byte: %s', async release => {
  const target = await startDatabase({ release })
  try {
    await using first = await dump(settingsFor(at(release)))
    expect(first.warnings).toEqual([])
    await applyTo(target, first)
    expect(differences(await describeIt(at(release)), await describeIt(target))).toEqual([])
    await using second = await dump(settingsFor(target))
    expect(await hashesOf(second)).toEqual(await hashesOf(first))
  } finally {
    await target.stop()
  }
})

test.each(releases)('a table of 1,000 partitions, some of them full: %s', async release => {
  const target = await startDatabase({ release })
  try {
    const parts = Array.from({ length: 1000 }, (_, n) => `PARTITION p${n} VALUES LESS THAN (${n * 10 + 10})`)
    await at(release).execute(
      'CREATE DATABASE parts',
      `CREATE TABLE parts.many (id INT PRIMARY KEY, t VARCHAR(20)) PARTITION BY RANGE (id) (${parts.join(', ')})`,
      "INSERT INTO parts.many VALUES (0, 'first'), (4321, 'middle'), (9999, 'last')",
    )
    await using dumped = await dump(settingsFor(at(release)))
    await applyTo(target, dumped)
    expect(differences(await describeIt(at(release)), await describeIt(target))).toEqual([])
  } finally {
    await at(release).execute('DROP DATABASE parts')
    await target.stop()
  }
})

describe('other releases', () => {
  test.each([
    ['mariadb-11.8', 'mariadb-10.11', /older than the source/],
    ['mariadb-11.8', 'mysql-9.7', /the two differ/],
    ['mysql-9.7', 'mariadb-11.8', /the two differ/],
    ['mysql-9.7', 'mariadb-10.11', /the two differ/],
  ] as const)('%s into %s is refused before anything is changed', async (from, to, why) => {
    const target = await startDatabase({ release: to })
    try {
      await using dumped = await dump(settingsFor(at(from)))
      const before = await describeIt(target)
      const failure = await failureOf(applyTo(target, dumped))
      expect(failure).toMatch(/^restore-target-version: /)
      expect(failure).toMatch(why)
      expect(differences(before, await describeIt(target))).toEqual([])
    } finally {
      await target.stop()
    }
  })

  test('mariadb-10.11 into mariadb-11.8: the whole nasty schema, with the history of its rows', async () => {
    const options = { max_allowed_packet: '1G' }
    const source = await startDatabase({ release: 'mariadb-10.11', options })
    const target = await startDatabase({ release: 'mariadb-11.8', options })
    try {
      const connection = await source.connect()
      await makeNasty(connection, 'mariadb-10.11')
      await connection.end()
      await using dumped = await dump(settingsFor(source))
      expect((await applyTo(target, dumped)).warnings).toEqual([])
      const kinds = /^(rows|trigger|trigger order|function|procedure|sequence state) /
      const other = differences(await describeIt(source), await describeIt(target)).filter(line => kinds.test(line))
      // Which transaction made a row, and when time ends, is another thing there.
      expect(other.sort()).toEqual(
        ['versioned_named', 'versioned_transactions'].map(table => expect.stringMatching(`^rows shop.${table}:`)),
      )
      expect(await historyOf(target)).toEqual(await historyOf(source))
    } finally {
      await Promise.all([source.stop(), target.stop()])
    }
  })
})

/** Former states with their times, and the current ones with the time they are valid from (until when differs: the end of time does). */
async function historyOf(server: Database): Promise<unknown> {
  const connection = await server.connect('shop')
  try {
    const now = await connection.query('SELECT id, x, row_start FROM versioned ORDER BY id')
    const former = await connection.query(
      "SELECT id, x, row_start, row_end FROM versioned FOR SYSTEM_TIME ALL WHERE row_end < '2030-01-01' AND row_start < row_end ORDER BY id, row_start",
    )
    expect(former[0]).toHaveLength(3)
    return [now[0], former[0]]
  } finally {
    await connection.end()
  }
}
