import type { LinkInfo } from '../receiver/answers.ts'
import type { KnownPlan } from '../receiver/plan.ts'
import type { Opened } from '../ways/restoring.ts'
import { stepsAfter } from '../ways/steps.ts'
import { Code } from './copy.tsx'
import { useWords } from './words.tsx'

const engines: Record<LinkInfo['engine'], string> = {
  mysql: 'MySQL / MariaDB',
  sqlserver: 'Microsoft SQL Server',
  oracle: 'Oracle',
  domino: 'HCL Domino',
  exchange: 'Microsoft Exchange',
}

/** What to do with the files of this very restore. */
export function Steps({
  link,
  plan,
  opened,
  physical,
  when,
}: {
  link: LinkInfo
  plan: KnownPlan | null
  opened: Opened | null
  physical: boolean
  /** The chosen moment in words. */
  when: string
}) {
  const { texts } = useWords()
  if (!plan) return null
  const engine = engines[link.engine]
  const isPhysical = opened ? opened.artefacts.some(({ file }) => /\.(mb|xb)stream$/.test(file)) : physical
  const version = plan.snapshots[0]?.engineVersion ?? ''
  const about = {
    engine,
    version: /[a-z]{3}/i.test(version) ? version : `${engine} ${version}`.trim(),
    source: link.sourceName,
    when,
  }
  const steps = stepsAfter({
    engine: link.engine,
    at: plan.at,
    snapshots: plan.snapshots,
    physical: isPhysical,
    files: opened?.artefacts ?? null,
  })
  return (
    <section class="steps" aria-labelledby="steps">
      <h2 id="steps">{texts.steps.title}</h2>
      <p>{texts.steps.intro(link.sourceName, when)}</p>
      <ol>
        {steps.map(({ kind, code }, i) => (
          <li key={kind}>
            <p>{texts.steps.say(kind, about)}</p>
            {code && <Code name={`${texts.steps.title}, ${i + 1}`} text={code} />}
          </li>
        ))}
      </ol>
      <p class="muted">{texts.steps.program}</p>
    </section>
  )
}
