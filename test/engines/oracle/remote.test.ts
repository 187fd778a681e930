import { appendFileSync, truncateSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { Control } from '../../../uploader/engines/oracle/connection/control.ts'
import { loginOf } from '../../../uploader/engines/oracle/connection/login.ts'
import { Session } from '../../../uploader/engines/oracle/connection/session.ts'
import { Directories } from '../../../uploader/engines/oracle/files/directories.ts'
import { RemoteFiles } from '../../../uploader/engines/oracle/files/remote.ts'
import { database as databaseStatement } from '../../../uploader/engines/oracle/statements/discovery.ts'
import { writeBlocks } from '../../doubles/tns/files/data-file.ts'
import { users } from './samples.ts'
import { chain, server, start } from './started.ts'

const { signal } = new AbortController()
const patience = { attempts: 3, pause: 10 }

let control: Control
afterEach(() => control.end())

async function remoteFiles(): Promise<RemoteFiles> {
  await start()
  const login = await loginOf(chain.settings.connection, signal)
  control = new Control(login, await Session.connect(login), patience)
  return new RemoteFiles({ login, control, directories: new Directories(control, 'test', '/'), signal, patience })
}

describe('a file that is read through the connection', () => {
  it('is read 4 GiB and more into it, by way of BLOBs that are freed', async () => {
    const files = await remoteFiles()
    const { path } = server.database.file(users)
    const far = 5 * 2 ** 30
    truncateSync(path, far)
    appendFileSync(path, 'the end')
    // Where a number of 32 bits ends, with its sign and without.
    const edges = [2 ** 31 - 2, 2 ** 32 - 2]
    for (const edge of edges) writeBlocks(path, Buffer.from('edge'), edge)
    const file = await files.open(path)
    expect(await file.size()).toBe(far + 7)
    expect((await file.read(far, 7)).toString()).toBe('the end')
    for (const edge of edges) expect((await file.read(edge - 4, 12)).toString()).toBe('\0\0\0\0edge\0\0\0\0')
    expect((await file.read(far - 100, 107)).subarray(100).toString()).toBe('the end')
    expect(await file.read(0, 10)).toHaveLength(10)
    expect(server.temporaryBlobs).toBe(0)
    await file.close()
    await files.close()
  })

  it('may have many others beside it, and sessions are used again', async () => {
    const files = await remoteFiles()
    const connected = () => server.statements.filter(({ sql }) => sql.startsWith('SELECT BFILENAME')).length
    for (let i = 0; i < 30; i++) {
      const file = await files.open(server.database.file(users).path)
      expect(await file.read(0, 2048)).toHaveLength(2048)
      await file.close()
    }
    expect(connected()).toBeLessThanOrEqual(60)
    expect(server.database.directories).toHaveLength(1)
    await files.close()
  })
})

describe('a server that says nothing any more', () => {
  it('is left after its time, though the driver itself waits for ever', async () => {
    await start()
    const session = await Session.connect(await loginOf(chain.settings.connection, signal))
    server.faults.add(/FROM v\$database/, 'stall')
    const began = performance.now()
    await expect(session.query(databaseStatement, { timeout: 100 })).rejects.toThrow('no answer within 0.1 seconds')
    expect(performance.now() - began).toBeLessThan(3000)
    await session.end()
  })

  it('does not keep whoever stops the run', async () => {
    await start()
    const session = await Session.connect(await loginOf(chain.settings.connection, signal))
    server.faults.add(/FROM v\$database/, 'stall')
    const stop = new AbortController()
    setTimeout(() => stop.abort(new Error('stopped')), 50)
    await expect(session.query(databaseStatement, { signal: stop.signal })).rejects.toThrow('stopped')
    await session.end()
  })
})
