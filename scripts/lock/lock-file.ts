import { z } from 'zod'

const Names = z.record(z.string(), z.string()).optional()

const Entry = z.looseObject({
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  dev: z.boolean().optional(),
  dependencies: Names,
  devDependencies: Names,
  optionalDependencies: Names,
})
export type Entry = z.infer<typeof Entry>

/** package-lock.json, as far as we look at it. Keys of `packages` are paths such as `node_modules/a/node_modules/b`. */
export const LockFile = z.looseObject({ packages: z.record(z.string(), Entry) })
export type LockFile = z.infer<typeof LockFile>

/** Where Node would find `name` for a package at `path`; undefined where the lock has no such entry. */
export function resolve(lock: LockFile, path: string, name: string): string | undefined {
  for (let at = path; ; at = parentOf(at)) {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (candidate in lock.packages) return candidate
    if (at === '') return undefined
  }
}

function parentOf(path: string): string {
  const end = path.lastIndexOf('/node_modules/')
  return end === -1 ? '' : path.slice(0, end)
}
