import { useState } from 'preact/hooks'
import type { Choice } from '../receiver/receiver.ts'
import { type Platform, restoreCommand } from '../ways/command.ts'
import { Code } from './copy.tsx'
import { useWords } from './words.tsx'

/** The one-line command, with the secret of the link in it: it is the address that the person already has. */
export function CommandWay({ choice }: { choice: Choice }) {
  const { texts, provider } = useWords()
  const [platform, setPlatform] = useState<Platform>(() => (/windows/i.test(navigator.userAgent) ? 'windows' : 'unix'))
  return (
    <details name="way" open>
      <summary>
        <h3>{texts.ways.command}</h3>
        <p>{texts.ways.commandWhy}</p>
      </summary>
      <p>{texts.ways.commandNeeds(provider)}</p>
      <div class="choices">
        {(['unix', 'windows'] as const).map(value => (
          <label key={value} class="inline">
            <input type="radio" name="platform" checked={platform === value} onChange={() => setPlatform(value)} />
            {texts.ways[value]}
          </label>
        ))}
      </div>
      <Code name={texts.ways.command} text={restoreCommand(platform, location.href, choice)} />
      <p class="muted">{texts.ways.commandSecret}</p>
      {choice.units && <p>{texts.ways.commandUnits}</p>}
    </details>
  )
}
