import type { ComponentChildren } from 'preact'

/** Something that a person has to know before going on. @param urgent is read out at once */
export function Notice({
  title,
  urgent = false,
  kind,
  children,
}: {
  title?: string
  urgent?: boolean
  kind: 'bad' | 'warning' | 'good'
  children?: ComponentChildren
}) {
  return (
    <div class={`notice ${kind}`} role={urgent ? 'alert' : undefined}>
      {title && <p class="notice-title">{title}</p>}
      {children}
    </div>
  )
}
