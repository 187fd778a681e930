/** What only some browsers have, and only for who has just clicked or pressed a key. */
interface Pickers {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>
  showDirectoryPicker?(options: { mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>
}
const pickers = globalThis as Pickers

/** `refused`: the person closed the dialogue. Undefined where the browser has none, or does not show it now. */
type Picked<Handle> = Promise<Handle | 'refused' | undefined>

export function pickFile(suggestedName: string): Picked<FileSystemFileHandle> {
  return picked(pickers.showSaveFilePicker?.({ suggestedName }))
}

export function pickDirectory(): Picked<FileSystemDirectoryHandle> {
  return picked(pickers.showDirectoryPicker?.({ mode: 'readwrite' }))
}

async function picked<Handle>(handle: Promise<Handle> | undefined): Picked<Handle> {
  try {
    return await handle
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    if (error.name === 'AbortError') return 'refused'
    if (error.name === 'SecurityError' || error.name === 'NotAllowedError') return undefined
    throw error
  }
}
