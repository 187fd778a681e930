import { Dialog } from './dialog.tsx'
import { TroubleNotice } from './trouble-notice.tsx'
import { useDoing } from './use-doing.ts'

/** Asks before something is done that nobody can undo. @param work what is done then */
export function Sure({
  title,
  why,
  yes,
  no,
  work,
  onDone,
  onClose,
}: {
  title: string
  why: string
  yes: string
  no: string
  work(): Promise<void>
  onDone(): void
  onClose(): void
}) {
  const { isDoing, trouble, start } = useDoing()
  const go = async () => {
    if (await start(work)) onDone()
  }
  return (
    <Dialog title={title} asks onClose={onClose}>
      <p>{why}</p>
      {trouble && <TroubleNotice trouble={trouble} />}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {no}
        </button>
        <button type="button" class="danger" aria-disabled={isDoing} onClick={() => void go()}>
          {yes}
        </button>
      </div>
    </Dialog>
  )
}
