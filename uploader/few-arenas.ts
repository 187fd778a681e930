import { accessSync, constants } from 'node:fs'
import { isSea } from 'node:sea'

const itself = '/proc/self/exe'

/**
 * Starts this program once more, in this process, where glibc would give each of its threads a heap of its own (`man mallopt`, M_ARENA_MAX): a thread
 * of the pool fills one for a moment, and the memory stays resident for hours. glibc reads the setting before any of our code runs.
 * A setting that somebody made stands; so do those of the processes that it starts, which have pipes that would not outlive another start. Returns where there is
 * nothing to do.
 */
export function useFewArenas(args: readonly string[]): void {
  const { platform, env, argv0, execve } = process
  if (platform !== 'linux' || !isSea() || env.MALLOC_ARENA_MAX !== undefined || !canStart(itself)) return
  execve?.(itself, [argv0, ...args], { ...env, MALLOC_ARENA_MAX: '2' })
}

/** A failed execve ends the process. */
function canStart(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
