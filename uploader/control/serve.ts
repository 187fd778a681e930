import { chmod, rm, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import type { z } from 'zod'
import { Failure, messageOf } from '../../shared/failure.ts'
import { makeDirectory } from '../files/make-directory.ts'
import { readLine } from './line.ts'
import { folderOf, type Place, placeOf } from './place.ts'
import { ControlRequest, type Refusal } from './requests.ts'

/** A request is a word or two. */
const longestRequest = 4096
const requestTime = 10_000

export interface Control {
  /** Waits for answers that are under way, but not for whoever has not asked yet. */
  close(): Promise<void>
}

/**
 * Lets other processes of the same account ask this one, until `close`. The folder is for its owner alone, and so is the socket; a pipe of Windows as
 * Node makes it can be written by SYSTEM, administrators and its owner. The caller holds the name: what a dead process left under it is removed.
 * @param answer undefined: it is not for this process
 * @throws Failure `control-unavailable`
 */
export async function serveControl(
  state: string,
  name: string,
  answer: (request: ControlRequest) => Promise<object | undefined>,
): Promise<Control> {
  const silent = new Set<Socket>()
  const talks = new Set<Promise<void>>()
  const server = createServer(socket => {
    silent.add(socket)
    const asked = (request: ControlRequest) => {
      silent.delete(socket)
      return answer(request)
    }
    const talk = converse(socket, asked).finally(() => {
      silent.delete(socket)
      talks.delete(talk)
    })
    talks.add(talk)
  })
  let place: Place
  try {
    place = await prepare(state, name)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(place.address, resolve)
    })
    if (place.address === place.mark) await chmod(place.mark, 0o600)
    else await writeFile(place.mark, '')
  } catch (cause) {
    server.close()
    throw new Failure('control-unavailable', `Nobody can ask this process how it goes, by way of ${folderOf(state)}`, {
      why: messageOf(cause),
      fix: 'Set state.dir in failsafe.yaml to a directory of this account with a short path (less than 80 characters)',
      cause,
    })
  }
  return {
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      for (const socket of silent) socket.destroy()
      await Promise.all(talks)
      await closed
      await rm(place.mark, { force: true })
    },
  }
}

async function prepare(state: string, name: string): Promise<Place> {
  await makeDirectory(folderOf(state), 0o700)
  await chmod(folderOf(state), 0o700)
  const place = await placeOf(state, name)
  await rm(place.mark, { force: true })
  return place
}

/** Never rejects: whoever asks badly, or goes away, is no concern of the process that is asked. */
async function converse(
  socket: Socket,
  answer: (request: ControlRequest) => Promise<object | undefined>,
): Promise<void> {
  socket.on('error', () => socket.destroy())
  const line = await readLine(socket, longestRequest, requestTime).catch(() => undefined)
  const request = line === undefined ? undefined : parse(line)
  if (!request) return void socket.destroy()
  const said: object = (await answer(request).catch(error => refused(messageOf(error)))) ?? refused('it is not for me')
  if (socket.destroyed) return
  // Whoever does not read what it asked for shall not hold up the end of a run.
  socket.setTimeout(requestTime, () => socket.destroy())
  await new Promise<void>(resolve => {
    socket.once('close', resolve).once('finish', resolve)
    socket.end(`${JSON.stringify(said)}\n`)
  })
}

function parse(line: string): ControlRequest | undefined {
  try {
    return ControlRequest.parse(JSON.parse(line))
  } catch {
    return undefined // it is told by closing the connection
  }
}

function refused(why: string): z.infer<typeof Refusal> {
  return { refused: why }
}
