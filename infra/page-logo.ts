import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure, messageOf } from '../shared/failure.ts'
import { writePageFile } from './page-file.ts'

/** Where cdk.json is. */
const root = join(import.meta.dirname, '..')
const logoLimit = 50 * 1024
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * Lays the provider's logo among the files of the restore page.
 * @param directory of the page's files
 * @param path of an SVG or PNG, absolute, or from where cdk.json is
 * @returns its name there, which changes with its bytes
 * @throws Failure `settings-invalid`
 */
export function layLogo(directory: string, path: string): string {
  const bytes = readLogo(path)
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  const name = `logo-${digest}.${kindOf(bytes, path)}`
  writePageFile(directory, name, bytes)
  return name
}

function readLogo(path: string): Buffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(resolve(root, path))
  } catch (cause) {
    throw refused(`${path} cannot be read: ${messageOf(cause)}`, cause)
  }
  if (bytes.length > logoLimit) throw refused(`${path} has ${bytes.length} bytes, and ${logoLimit} at most are taken`)
  return bytes
}

function kindOf(bytes: Buffer, path: string): 'png' | 'svg' {
  if (bytes.subarray(0, pngSignature.length).equals(pngSignature)) return 'png'
  if (/<svg[\s>]/.test(bytes.toString('utf8'))) return 'svg'
  throw refused(`${path} is neither an SVG nor a PNG`)
}

function refused(why: string, cause?: unknown): Failure {
  return new Failure('settings-invalid', `providerLogo: ${why}`, {
    fix: 'Correct it in cdk.json, under "context", or after -c',
    cause,
  })
}
