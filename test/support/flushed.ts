import { readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { vi } from 'vitest'

/** Until `dispose` it notes under which paths files and folders were waited for on disk. */
export async function watchFlushed(): Promise<Disposable & { paths: ReadonlySet<string> }> {
  const probe = await open('/dev/null')
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const paths = new Set<string>()
  const spies = (['sync', 'datasync'] as const).map(name => {
    const flush = prototype[name]
    return vi.spyOn(prototype, name).mockImplementation(async function (this: FileHandle) {
      await flush.call(this)
      paths.add(readlinkSync(`/proc/self/fd/${this.fd}`))
    })
  })
  return {
    paths,
    [Symbol.dispose]() {
      for (const spy of spies) spy.mockRestore()
    },
  }
}
