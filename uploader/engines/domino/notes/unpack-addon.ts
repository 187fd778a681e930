import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRawAsset } from 'node:sea'

/** Of the single file: koffi's native part for its platform. */
const asset = 'koffi.node'

/**
 * Takes the place of koffi's own search in the single file (scripts/package/koffi-addon.ts): a native module can only be loaded from a file. On Linux it is gone
 * again as soon as it is loaded. On Windows a loaded one cannot be removed: it stays where nobody but the administrators may write.
 */
export function loadStatic(): unknown {
  const bytes = new Uint8Array(getRawAsset(asset))
  const loaded = { exports: {} }
  if (process.platform === 'win32') {
    process.dlopen(loaded, kept(bytes))
    return loaded.exports
  }
  const directory = mkdtempSync(join(process.env.FAILSAFE_ADDONS ?? tmpdir(), 'failsafe-'))
  try {
    const path = join(directory, asset)
    writeFileSync(path, bytes, { mode: 0o500 })
    process.dlopen(loaded, path)
    return loaded.exports
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function kept(bytes: Uint8Array): string {
  const directory = process.env.FAILSAFE_ADDONS ?? join(process.env.ProgramData ?? tmpdir(), 'FailSafe', 'addons')
  mkdirSync(directory, { recursive: true })
  const hash = createHash('sha256').update(bytes).digest('hex')
  const path = join(directory, `koffi-${hash.slice(0, 16)}.node`)
  if (hashOf(path) === hash) return path
  const next = `${path}.${process.pid}`
  writeFileSync(next, bytes)
  renameSync(next, path)
  return path
}

function hashOf(path: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex')
  } catch {
    return undefined
  }
}
