import { useWords } from './use-console.ts'

export function CloseButton({ onClose }: { onClose(): void }) {
  const { texts } = useWords()
  return (
    <button type="button" onClick={onClose}>
      {texts.close}
    </button>
  )
}
