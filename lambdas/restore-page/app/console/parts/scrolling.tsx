import type { ComponentChildren } from 'preact'

/** A table that may be wider than the screen. @param name says what it is */
export function Scrolling({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it is a group with a name, not a part of a form
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div class="scrolling" tabIndex={0} role="group" aria-label={name}>
      {children}
    </div>
  )
}
