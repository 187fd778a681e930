import type { Survey } from '../survey/survey.ts'
import { ConditionItem } from './condition-item.tsx'
import { More } from './more.tsx'
import { Item, SourceFacts, SourceTitle, StandingItem } from './standing-item.tsx'
import { useWords } from './use-console.ts'
import { useSome } from './use-some.ts'

/** Everything that is not simply safe, what is most urgent first. */
export function ToLookAt({ survey, customerOf }: { survey: Survey; customerOf(tenant: string): string }) {
  const { texts } = useWords()
  const { needs, others, quiet, events } = survey
  const urgent = useSome(needs)
  const still = useSome(quiet)
  return (
    <>
      {needs.length > 0 && (
        <section aria-labelledby="needs">
          <h2 id="needs">{texts.needs.title}</h2>
          <ul class="items">
            {urgent.shown.map(standing => (
              <StandingItem key={standing.source.source} standing={standing} />
            ))}
          </ul>
          <More next={urgent.next} onMore={urgent.showMore} />
        </section>
      )}
      {others.length > 0 && (
        <section aria-labelledby="others">
          <h2 id="others">{texts.needs.others}</h2>
          <ul class="items">
            {others.map(condition => (
              <ConditionItem
                key={`${condition.tenant} ${condition.kind} ${condition.mode} ${condition.subject.id}`}
                told={condition}
                customerOf={customerOf}
              />
            ))}
          </ul>
        </section>
      )}
      {events.length > 0 && (
        <section aria-labelledby="events">
          <h2 id="events">{texts.needs.events}</h2>
          <p class="muted">{texts.needs.eventsWhy}</p>
          <ul class="items">
            {events.map(event => (
              <ConditionItem key={event.id} told={{ ...event, mode: null, since: event.at }} customerOf={customerOf} />
            ))}
          </ul>
        </section>
      )}
      {quiet.length > 0 && (
        <section aria-labelledby="quiet">
          <h2 id="quiet">{texts.needs.quiet}</h2>
          <ul class="items">
            {still.shown.map(standing => (
              <Item key={standing.source.source} severity={null} title={<SourceTitle standing={standing} />}>
                <p class="what">{texts.needs.quietStates[standing.state]}</p>
                <SourceFacts standing={standing} />
              </Item>
            ))}
          </ul>
          <More next={still.next} onMore={still.showMore} />
        </section>
      )}
    </>
  )
}
