import { useRef, useState } from 'preact/hooks'
import { useCommonWords } from './words.tsx'

/** Text to be run elsewhere, with a button that copies it. @param name says what it is */
export function Code({ name, text }: { name: string; text: string }) {
  const { texts } = useCommonWords()
  const code = useRef<HTMLElement>(null)
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 4000)
    } catch {
      // where the browser does not let the page copy, the text is marked for the person to do it
      getSelection()?.selectAllChildren(code.current!)
    }
  }
  return (
    <div class="code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: it is a group with a name, not a part of a form */}
      <pre tabIndex={0} role="group" aria-label={name}>
        <code ref={code}>{text}</code>
      </pre>
      <button type="button" aria-label={texts.copyOf(name)} onClick={copy}>
        {copied ? texts.copied : texts.copy}
      </button>
      <span class="unseen" role="status">
        {copied ? texts.copied : ''}
      </span>
    </div>
  )
}
