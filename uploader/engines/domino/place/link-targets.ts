import type { Instance } from './instance.ts'
import { linkTarget, mayBeLink } from './link.ts'
import { walk } from './walk.ts'

/** Where the links in a data directory lead: folders and databases elsewhere that are the server's own all the same. One that cannot be read leads nowhere. */
export async function linkTargets(
  instance: Pick<Instance, 'data' | 'leftOut'>,
  signal: AbortSignal,
): Promise<string[]> {
  const targets: string[] = []
  const look = { exclude: [], quick: true, trouble: () => {} }
  for await (const { file, path, size } of walk(instance, look, signal)) {
    const target = mayBeLink(path, size) ? await linkTarget(file).catch(() => undefined) : undefined
    if (target !== undefined) targets.push(target)
  }
  return targets
}
