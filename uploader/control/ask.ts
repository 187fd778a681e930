import { rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { Failure, messageOf } from '../../shared/failure.ts'
import { readLine } from './line.ts'
import { placeOf } from './place.ts'
import { type ControlRequest, Refusal } from './requests.ts'

const longestAnswer = 16 * 1024 * 1024

/**
 * Asks a process of this host.
 * @returns undefined where there is no such process; the mark of one that died is removed
 * @throws Failure `control-refused` for another account, or `control-silent`
 */
export async function ask<T>(
  state: string,
  name: string,
  request: ControlRequest,
  schema: z.ZodType<T>,
  milliseconds = 10_000,
): Promise<T | undefined> {
  const place = await placeOf(state, name)
  let socket: Socket | undefined
  try {
    socket = await open(place.address)
    socket.write(`${JSON.stringify(request)}\n`)
    const answer: unknown = JSON.parse(await readLine(socket, longestAnswer, milliseconds))
    const refusal = Refusal.safeParse(answer)
    if (refusal.success) throw new Error(refusal.data.refused)
    return schema.parse(answer)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' && place.address === place.mark) return undefined
    // A pipe of Windows is gone with its process; its mark is not.
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      await rm(place.mark, { force: true })
      return undefined
    }
    if (code === 'EACCES' || code === 'EPERM')
      throw new Failure('control-refused', `This account may not ask the failsafe that runs here (${place.address})`, {
        why: code,
        fix: 'Run it as the account that failsafe runs as (usually root)',
        cause,
      })
    throw new Failure('control-silent', `The failsafe that runs here does not answer (${place.address})`, {
      why: cause instanceof z.ZodError ? 'it is of another version' : messageOf(cause),
      fix: 'Try again; if it stays like that, start the service anew',
      retriable: true,
      cause,
    })
  } finally {
    socket?.destroy()
  }
}

function open(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, () => resolve(socket))
    socket.once('error', reject)
  })
}
