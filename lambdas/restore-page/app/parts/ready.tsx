import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { Kept } from '../kept/kept.ts'
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
  kept,
  onTrouble,
  onRevoked,
}: {
  link: LinkInfo
  receiver: Receiver
  access: { secret: string; passcode: string | undefined }
  ports: Ports
  kept: Kept
  onTrouble(trouble: Trouble): void
  onRevoked(): void
}) {
  const { texts } = useWords()
  const onError = useCallback((error: unknown) => onTrouble(troubleOf(error)), [onTrouble])
  const [end, setEnd] = useState<number | null>(kept.chosen.end)
  const newest = useHistory(receiver, link.source, null, onError)
  const earlier = useHistory(receiver, link.source, end ?? undefined, onError)
  const shown = end === null ? newest : earlier
  const [units, setUnits] = useState<string[] | null>(kept.chosen.units)
  const [wanted, setWanted] = useState<number | null>(kept.chosen.time)
  useEffect(() => kept.choose({ time: wanted, units, end }), [kept, wanted, units, end])
  const [left, onUsed] = useLeft(link, receiver)

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
  const onWindow = useCallback((end: number | null) => {
    setEnd(end)
    setWanted(null)
  }, [])
  const time = wanted ?? (restorable && boundsOf(restorable)?.last.time) ?? end ?? undefined
  const said = useMemo(
    () => newest && answer && <Answer source={link.sourceName} restorable={answer} history={newest} units={units} />,
    [link.sourceName, answer, newest, units],
  )
  const choice =
    restorable && time !== undefined && isRestorable(restorable, time) ? choiceAt(restorable, time, units) : null
  const restoring = useRestoring(ports, access, link.source, choice, kept, onUsed)
  // a newer backup must not move what somebody works with, also when the page is loaded again
  const isAsked = choice !== null && kept.isGranted(choice)
  useEffect(() => {
    if (isAsked && time !== undefined) setWanted(time)
  }, [isAsked, time])
  if (!newest || !shown || !answer || !restorable) return <p role="status">{texts.loading}</p>

  const all = newest.units.length > 0 ? newest.units.map(({ unit }) => unit) : unitsOf(newest.snapshots)
  return (
    <>
      {said}
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
            kept={kept}
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

/** Uses of the link that are left, null for no limit; and what has them asked for again. */
function useLeft(link: LinkInfo, receiver: Receiver): [left: number | null, onUsed: () => void] {
  const [left, setLeft] = useState(link.usesLeft)
  const onUsed = useCallback(() => {
    receiver.link().then(
      ({ usesLeft }) => setLeft(usesLeft),
      // what was known before stays, as there is nothing to be done about it; a mistake of this page is thrown on
      error => void troubleOf(error),
    )
  }, [receiver])
  return [left, onUsed]
}
