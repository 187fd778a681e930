import type { Choice, Opened } from '../../lambdas/restore-page/app/opening/restoration.ts'
import { OpeningError, Restoration } from '../../lambdas/restore-page/app/opening/restoration.ts'
import { save, saveAll } from '../../lambdas/restore-page/app/saving/save.ts'

/* Runs in the browser, as the page of a test that has no design: does what it is told, and says in plain values what came of it. */

export interface Outcome<T> {
  value?: T
  code?: string
  why?: string | undefined
}

let restoration: Restoration
let opened: Opened
let chosen: Choice
let key: string
let progress = 0

async function told<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (error instanceof OpeningError) return { code: error.code, why: error.why }
    throw error
  }
}

export const driver = {
  open(secret: string, choice: Choice, identity: string) {
    restoration?.close()
    restoration = new Restoration({ worker: '/r/worker.js', secret })
    restoration.onProgress = () => progress++
    chosen = choice
    key = crypto.randomUUID()
    return driver.openAgain(identity)
  },
  /** What was chosen before, with another identity. */
  openAgain(identity: string): Promise<Outcome<Opened>> {
    return told(async () => {
      opened = await restoration.open(chosen, key, identity)
      return opened
    })
  },
  save(name: string) {
    const { id, file, size } = opened.artefacts.find(artefact => artefact.name === name)!
    return told(() => save(file, size, restoration.content(id)))
  },
  saveAll(archive: string) {
    const files = opened.artefacts.map(({ id, file, size }) => ({
      path: file,
      size,
      content: () => restoration.content(id),
    }))
    return told(() => saveAll(files, archive))
  },
  /** A file system that needs no dialogue stands in for the person's. */
  pickFilesWithoutAsking() {
    const root = navigator.storage.getDirectory()
    Object.assign(globalThis, {
      showSaveFilePicker: async ({ suggestedName }: { suggestedName: string }) =>
        (await root).getFileHandle(suggestedName, { create: true }),
      showDirectoryPicker: async () => (await root).getDirectoryHandle('picked', { create: true }),
    })
  },
  /** Paths of the files in it. */
  async files() {
    const list = async (directory: any, path: string): Promise<string[]> => {
      const found: string[] = []
      for await (const [name, handle] of directory.entries())
        found.push(...(handle.kind === 'file' ? [path + name] : await list(handle, `${path}${name}/`)))
      return found.sort()
    }
    return list(await navigator.storage.getDirectory(), '')
  },
  /** Messages about progress so far. */
  progress: () => progress,
}

Object.assign(globalThis, { driver })
