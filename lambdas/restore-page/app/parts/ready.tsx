import { useCallback, useMemo, useState } from 'preact/hooks'
import { boundsOf, choiceAt, isRestorable, restorableOf } from '../moments/restorable.ts'
import { stopsOf } from '../moments/stops.ts'
import type { LinkInfo } from '../receiver/answers.ts'
import type { Receiver } from '../receiver/receiver.ts'
import { Answer } from './answer.tsx'
import { Choose } from './choose.tsx'
import { Chosen } from './chosen.tsx'
import { GapChosen } from './gap-chosen.tsx'
import { LinkPanel } from './link-panel.tsx'
import type { Ports } from './page.tsx'
import { type Trouble, troubleOf } from './trouble.ts'
import { Units } from './units.tsx'
import { useHistory } from './use-history.ts'
import { useRestoring } from './use-restoring.ts'
import { useWords } from './words.tsx'

/** A link that works. */
export function Ready({
  link,
  receiver,
  access,
  ports,
  onTrouble,
  onRevoked,
}: {
  link: LinkInfo
  receiver: Receiver
  access: { secret: string; passcode: string | undefined }
  ports: Ports
  onTrouble(trouble: Trouble): void
  onRevoked(): void
}) {
  const { texts } = useWords()
  const onError = useCallback((error: unknown) => onTrouble(troubleOf(error)), [onTrouble])
  const [end, setEnd] = useState<number | null>(null)
  const newest = useHistory(receiver, link.source, null, onError)
  const earlier = useHistory(receiver, link.source, end ?? undefined, onError)
  const shown = end === null ? newest : earlier
  const [units, setUnits] = useState<string[] | null>(null)
  const [wanted, setWanted] = useState<number | null>(null)
  const [used, setUsed] = useState<ReadonlySet<string>>(new Set())

  const single = link.snapshots !== null
  const answer = useMemo(
    () => newest && restorableOf(newest.units, newest.snapshots, units, single),
    [newest, units, single],
  )
  const restorable = useMemo(
    () => shown && restorableOf(shown.units, shown.snapshots, units, single),
    [shown, units, single],
  )
  const stops = useMemo(
    () => (shown && restorable ? stopsOf(shown.snapshots, restorable, units) : []),
    [shown, restorable, units],
  )
  const onUsed = useCallback((use: string) => setUsed(known => (known.has(use) ? known : new Set([...known, use]))), [])
  const onWindow = useCallback((end: number | null) => {
    setEnd(end)
    setWanted(null)
  }, [])
  const time = wanted ?? (restorable && boundsOf(restorable)?.last.time) ?? end ?? undefined
  const choice =
    restorable && time !== undefined && isRestorable(restorable, time) ? choiceAt(restorable, time, units) : null
  const restoring = useRestoring(ports, access, link.source, choice, onUsed)
  if (!newest || !shown || !answer || !restorable) return <p role="status">{texts.loading}</p>

  const left = link.usesLeft === null ? null : Math.max(0, link.usesLeft - used.size)
  const all = newest.units.length > 0 ? newest.units.map(({ unit }) => unit) : unitsOf(newest.snapshots)
  return (
    <>
      <Answer source={link.sourceName} restorable={answer} history={newest} units={units} />
      {all.length > 1 && <Units all={all} chosen={units} onChoose={setUnits} />}
      {time !== undefined && (
        <Choose
          link={link}
          history={shown}
          restorable={restorable}
          stops={stops}
          units={units}
          time={time}
          onTime={setWanted}
          onWindow={onWindow}
          isNewest={end === null}
        />
      )}
      {time !== undefined &&
        (choice ? (
          <Chosen
            link={link}
            left={left}
            receiver={receiver}
            restoring={restoring}
            saving={ports.saving}
            history={shown}
            choice={choice}
            time={time}
            onUsed={onUsed}
            onError={onError}
          />
        ) : (
          <GapChosen restorable={restorable} time={time} units={(units ?? all).length} onTime={setWanted} />
        ))}
      <LinkPanel link={link} left={left} receiver={receiver} onRevoked={onRevoked} />
    </>
  )
}

/** Where a link is for some snapshots there is no timeline of units. */
function unitsOf(snapshots: { units: { unit: string }[] }[]): string[] {
  return [...new Set(snapshots.flatMap(({ units }) => units.map(({ unit }) => unit)))].sort()
}
