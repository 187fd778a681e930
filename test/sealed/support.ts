import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'

export const execute = promisify(execFile)

export async function newIdentity() {
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

export async function* chunksOf(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  // One buffer for all chunks, as an engine may do: whoever keeps a chunk reads something else later.
  const buffer = Buffer.alloc(size)
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size)
    buffer.fill(0xee)
    buffer.set(piece)
    yield buffer.subarray(0, piece.length)
  }
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

export async function digest(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of stream) hash.update(piece)
  return hash.digest('hex')
}

/** Bytes that compress about as well as a dump does. */
export function text(size: number): Buffer {
  const line = (n: number) => `(${n},'name ${(n * 7919) % 1000}','2026-11-22 10:00:${n % 60}',${(n * 31) % 9973}),\n`
  const parts: string[] = []
  for (let length = 0, n = 0; length < size; n++) {
    const next = line(n)
    parts.push(next)
    length += next.length
  }
  return Buffer.from(parts.join('')).subarray(0, size)
}

export const noise = (size: number): Buffer => randomBytes(size)

/** Runs `work` with a directory that is gone afterwards. */
export async function inTemporary<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'failsafe-sealed-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** What `age -d -i key FILE | zstd -d` makes of it. */
export function openWithPrograms(sealed: Uint8Array, identityFile: string): Promise<Buffer> {
  return inTemporary(async directory => {
    const [key, file] = [join(directory, 'kit'), join(directory, 'file')]
    await writeFile(key, identityFile)
    await writeFile(file, sealed)
    return shell(`age -d -i "$1" "$2" | zstd -dc`, [key, file])
  })
}

/** What `zstd | age` makes of it. */
export function sealWithPrograms(plain: Uint8Array, recipients: string[], zstd = 'zstd -c'): Promise<Buffer> {
  return inTemporary(async directory => {
    const file = join(directory, 'file')
    await writeFile(file, plain)
    return shell(`${zstd} < "$1" | age ${recipients.map(recipient => `-r ${recipient}`).join(' ')}`, [file])
  })
}

async function shell(script: string, args: string[]): Promise<Buffer> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', script, 'bash', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const errors = collect(child.stderr)
  const output = await collect(child.stdout)
  const code = child.exitCode ?? (await new Promise<number | null>(resolve => child.once('close', resolve)))
  if (code !== 0) throw new Error(`${script}: ${code} ${await errors}`)
  return output
}
