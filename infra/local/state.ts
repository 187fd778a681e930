import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Failure, messageOf } from '../../shared/failure.ts'

/** What makes a directory the same cloud after a restart. */
const State = z.strictObject({
  format: z.literal('failsafe.local/1'),
  /** Last segment of the stack's ARN, and with it the receiver's id. */
  stackUuid: z.uuid(),
  /** 0: not chosen yet. */
  ports: z.strictObject({
    gateway: z.number().int(),
    s3: z.number().int(),
    dynamodb: z.number().int(),
    sns: z.number().int().default(0),
  }),
  admin: z.strictObject({ accessKeyId: z.string(), secretAccessKey: z.string() }),
})
export type State = z.infer<typeof State>

const fileOf = (directory: string) => join(directory, 'cloud.json')

/** Reads a directory's state, or makes the directory (0700) and a first state. */
export async function openState(directory: string): Promise<State> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await chmod(directory, 0o700)
  } catch (cause) {
    throw new Failure('cloud-directory-unusable', `${directory} cannot hold an embedded cloud`, {
      why: messageOf(cause),
      fix: 'Use another --directory',
      cause,
    })
  }
  const text = await readFile(fileOf(directory), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return newState()
  try {
    return State.parse(JSON.parse(text))
  } catch (cause) {
    throw new Failure('cloud-state-damaged', `${fileOf(directory)} is not the state of an embedded cloud`, {
      fix: 'Restore the file, or use another --directory',
      cause,
    })
  }
}

export async function saveState(directory: string, state: State): Promise<void> {
  await writePrivately(fileOf(directory), state)
}

/** JSON that only the owner can read, complete or not there at all. */
export async function writePrivately(file: string, content: unknown): Promise<void> {
  const partial = `${file}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flush: true })
  await rename(partial, file)
}

function newState(): State {
  return {
    format: 'failsafe.local/1',
    stackUuid: randomUUID(),
    ports: { gateway: 0, s3: 0, dynamodb: 0, sns: 0 },
    admin: {
      accessKeyId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
    },
  }
}
