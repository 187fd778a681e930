import { useEffect, useRef, useState } from 'preact/hooks'
import {
  type OpenedArtefact,
  type Problem,
  type Progress,
  problemOf,
  type Restoring,
  type Saving,
} from '../ways/restoring.ts'

export type DownloadState =
  | { kind: 'idle' }
  | { kind: 'running'; file: OpenedArtefact; fetched: number; saved: number; all: number }
  | { kind: 'done'; files: OpenedArtefact[] }
  | { kind: 'refused' | 'stopped' }
  | { kind: 'failed'; file: OpenedArtefact | undefined; problem: Problem }

/** One download at a time: a file, or many. @param archive name of the archive that many come in where the browser has no directories */
export function useDownload(
  worker: Restoring,
  saving: Saving,
  archive: string,
  listen: (listener: ((progress: Progress) => void) | undefined) => void,
) {
  const [state, setState] = useState<DownloadState>({ kind: 'idle' })
  const stopping = useRef<AbortController>(undefined)
  useEffect(() => () => stopping.current?.abort(), [])

  /** Called in the click that asks for it, as the browser wants it. */
  const start = async (files: OpenedArtefact[]) => {
    const controller = new AbortController()
    stopping.current = controller
    const byId = new Map(files.map(file => [file.id, file]))
    let saved = 0
    let current = files[0]
    const show = (file: OpenedArtefact, fetched: number) => {
      current = file
      if (!controller.signal.aborted) setState({ kind: 'running', file, fetched, saved, all: files.length })
    }
    const content = (file: OpenedArtefact) => {
      show(file, 0)
      const counted = new TransformStream<Uint8Array, Uint8Array>({
        flush() {
          saved++
        },
      })
      return worker.content(file.id).pipeThrough(counted, { signal: controller.signal })
    }
    listen(({ artefact, fetched }) => {
      const file = byId.get(artefact)
      if (file) show(file, fetched)
    })
    try {
      const [only] = files
      const result =
        files.length === 1 && only
          ? await saving.save(baseName(only.file), only.size, content(only))
          : await saving.saveAll(
              files.map(file => ({ path: file.file, size: file.size, content: () => content(file) })),
              archive,
            )
      setState(result === 'saved' ? { kind: 'done', files } : { kind: 'refused' })
    } catch (error) {
      setState(
        controller.signal.aborted ? { kind: 'stopped' } : { kind: 'failed', file: current, problem: problemOf(error) },
      )
    } finally {
      listen(undefined)
    }
  }
  return { state, start: (files: OpenedArtefact[]) => void start(files), stop: () => stopping.current?.abort() }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
