import { useState } from 'preact/hooks'
import { useWords } from './words.tsx'

const shownAtOnce = 100

/** Everything, or some units. @param chosen null for all */
export function Units({
  all,
  chosen,
  onChoose,
}: {
  all: string[]
  chosen: string[] | null
  onChoose(units: string[] | null): void
}) {
  const { texts } = useWords()
  const [filter, setFilter] = useState('')
  const [some, setSome] = useState(chosen !== null)
  const [picked, setPicked] = useState<string[]>(chosen ?? [])
  const matching = all.filter(unit => unit.toLowerCase().includes(filter.toLowerCase()))
  const pick = (unit: string, on: boolean) => {
    const units = on ? [...picked, unit] : picked.filter(other => other !== unit)
    setPicked(units)
    onChoose(units.length > 0 ? units : null)
  }
  const only = (some: boolean) => {
    setSome(some)
    onChoose(some && picked.length > 0 ? picked : null)
  }
  return (
    <fieldset class="units">
      <legend>{texts.units.title}</legend>
      <label class="inline">
        <input type="radio" name="units" checked={!some} onChange={() => only(false)} />
        {texts.units.all}
      </label>
      <label class="inline">
        <input type="radio" name="units" checked={some} onChange={() => only(true)} />
        {texts.units.some}
      </label>
      {some && (
        <div class="unit-list">
          {all.length > 12 && (
            <label>
              {texts.units.filter}
              <input type="search" value={filter} onInput={event => setFilter(event.currentTarget.value)} />
            </label>
          )}
          <ul>
            {matching.slice(0, shownAtOnce).map(unit => (
              <li key={unit}>
                <label class="inline">
                  <input
                    type="checkbox"
                    checked={picked.includes(unit)}
                    onChange={event => pick(unit, event.currentTarget.checked)}
                  />
                  {unit}
                </label>
              </li>
            ))}
          </ul>
          <p class="muted" role="status">
            {picked.length === 0 ? texts.units.none : texts.units.chosen(picked.length, all.length)}
          </p>
        </div>
      )}
    </fieldset>
  )
}
