import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monotonicFactory } from 'ulid'
import { z } from 'zod'
import { writePrivately } from '../state.ts'

/** One message that was published, and what each subscriber of the topic would have been sent. */
const OutboxMessage = z.strictObject({
  id: z.uuid(),
  topic: z.string(),
  publishedAt: z.iso.datetime(),
  /** ARN of the role that published it. */
  publisher: z.string(),
  subject: z.string().nullable(),
  /** As it was sent; JSON with a text for each protocol where `structure` is `json`. */
  message: z.string(),
  structure: z.enum(['text', 'json']),
  attributes: z.record(z.string(), z.string()),
  deliveries: z.array(z.strictObject({ protocol: z.literal('email'), endpoint: z.string(), text: z.string() })),
})
export type OutboxMessage = z.infer<typeof OutboxMessage>

/** A folder with one file for each message, in the order of their names. Nobody takes them away. */
export class Outbox {
  readonly directory: string
  readonly #ulid = monotonicFactory()

  private constructor(directory: string) {
    this.directory = directory
  }

  /** @param directory made if it is missing */
  static async open(directory: string): Promise<Outbox> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return new Outbox(directory)
  }

  /** It is on the disk when this resolves. */
  async add(message: OutboxMessage): Promise<void> {
    const name = this.#ulid(Date.parse(message.publishedAt))
    await writePrivately(join(this.directory, `${name}.json`), message)
  }

  async messages(): Promise<OutboxMessage[]> {
    const files = (await readdir(this.directory)).filter(name => name.endsWith('.json')).sort()
    return Promise.all(
      files.map(async name => OutboxMessage.parse(JSON.parse(await readFile(join(this.directory, name), 'utf8')))),
    )
  }
}
