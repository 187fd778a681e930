import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mysql } from '../../../uploader/engines/mysql/engine.ts'
import { type Database, type Release, startDatabase } from '../../support/database.ts'

const never = () => new AbortController().signal
const quarter = 15 * 60
const day = 86_400

const find = async (server: Database, pause: number) => {
  const settings = mysql.settings.parse({ connection: { socketPath: server.socket, user: 'root' } })
  const findings = await mysql.checkLogs!(settings, pause, never())
  for (const { fix } of findings) expect(fix).toBeTruthy()
  return findings.map(({ code, grave }) => (grave ? `${code}!` : code))
}

describe.each<Release>(['mariadb-10.11', 'mariadb-11.8', 'mysql-9.7'])('%s with a binary log', release => {
  let server: Database
  const keeps = (seconds: number) => server.execute(`SET GLOBAL binlog_expire_logs_seconds = ${seconds}`)
  beforeAll(async () => {
    server = await startDatabase({ release, options: { log_bin: 'binlog', binlog_format: 'ROW' } })
  })
  afterAll(() => server?.stop())
  beforeEach(() => keeps(0))

  test('that keeps all its logs is well', async () => {
    expect(await find(server, quarter)).toEqual([])
    expect(await find(server, 30 * day)).toEqual([])
  })

  test('is told how long it must keep its logs: longer than the time between two runs, and a day beyond it', async () => {
    await keeps(day + quarter)
    expect(await find(server, quarter)).toEqual([])
    await keeps(day)
    expect(await find(server, quarter)).toEqual(['binlog-expiry'])
    expect(await find(server, day)).toEqual(['binlog-expiry!'])
  })

  test('that holds statements is told so', async () => {
    await server.execute('SET GLOBAL binlog_format = MIXED')
    expect(await find(server, quarter)).toEqual(['binlog-mixed'])
    await server.execute('SET GLOBAL binlog_format = STATEMENT')
    expect(await find(server, quarter)).toEqual(['binlog-format!'])
    await server.execute('SET GLOBAL binlog_format = ROW')
  })
})

test('logs that are not removed by themselves are kept, whatever their age', async () => {
  const server = await startDatabase({
    release: 'mysql-9.7',
    options: { log_bin: 'binlog', binlog_expire_logs_auto_purge: 'OFF' },
  })
  try {
    await server.execute('SET GLOBAL binlog_expire_logs_seconds = 60')
    expect(await find(server, quarter)).toEqual([])
  } finally {
    await server.stop()
  }
})

test('a server without a binary log, or with half of one, cannot have log runs', async () => {
  for (const [options, code] of [
    [{}, 'log-off!'],
    [{ log_bin: 'binlog', binlog_format: 'ROW', binlog_ignore_db: 'scratch' }, 'binlog-filtered!'],
  ] as const) {
    const server = await startDatabase({ options })
    try {
      expect(await find(server, quarter)).toEqual([code])
    } finally {
      await server.stop()
    }
  }
})
