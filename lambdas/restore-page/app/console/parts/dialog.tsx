import type { ComponentChildren } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks'

/**
 * Holds the keyboard until it is closed, with Escape too; then what was focused before is focused again.
 * @param asks whether it asks before something is destroyed
 */
export function Dialog({
  title,
  asks = false,
  onClose,
  children,
}: {
  title: string
  asks?: boolean
  onClose(): void
  children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    const opener = document.activeElement as HTMLElement | null
    const opened = dialog.current!
    opened.showModal()
    return () => {
      opened.close()
      opener?.focus()
    }
  }, [])
  // what it has become is read out
  useEffect(() => heading.current!.focus(), [title])
  return (
    <dialog
      ref={dialog}
      role={asks ? 'alertdialog' : undefined}
      aria-labelledby={id}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id={id} ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </dialog>
  )
}
