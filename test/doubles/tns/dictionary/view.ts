import type { SessionState } from '../session/session.ts'
import type { Table } from '../sql/scope.ts'
import type { TypeName, Value } from '../value.ts'

/** A view of the dictionary: its columns and what they show of each thing. */
export interface View {
  /** Seen by everybody; other views are there only for who has SELECT ANY DICTIONARY. */
  open: boolean
  read(session: SessionState): Table
}

type ColumnOf<Thing> = [type: TypeName, value: (thing: Thing, session: SessionState) => Value]

/**
 * @param things what the view has rows of
 * @param open whether everybody sees it
 * @returns takes the columns by their names
 */
export function view<Thing>(things: (session: SessionState) => Thing[], open = false) {
  return (columns: Record<string, ColumnOf<Thing>>): View => {
    const list = Object.entries(columns)
    return {
      open,
      read: session => ({
        columns: list.map(([name, [type]]) => ({ name, type })),
        rows: things(session).map(thing => list.map(([, [, value]]) => value(thing, session))),
      }),
    }
  }
}

export const text = <Thing>(value: (thing: Thing, session: SessionState) => string | null): ColumnOf<Thing> => [
  'VARCHAR2',
  value,
]
export const number = <Thing>(
  value: (thing: Thing, session: SessionState) => number | bigint | null,
): ColumnOf<Thing> => [
  'NUMBER',
  (thing, session) => {
    const shown = value(thing, session)
    return typeof shown === 'number' && Number.isInteger(shown) ? BigInt(shown) : shown
  },
]
export const date = <Thing>(value: (thing: Thing, session: SessionState) => Date | null): ColumnOf<Thing> => [
  'DATE',
  value,
]

export const yes = (is: boolean) => (is ? 'YES' : 'NO')

/**
 * Whether a session sees what is of a container. A database without containers has one; in the root, administrators see all, and others what CONTAINER_DATA names.
 *
 * @see SQL Language Reference, "ALTER USER", container_data_clause
 */
export function seen({ container, as, user }: SessionState, of: number): boolean {
  const all = container === 0 || (container === 1 && (as !== null || user.containerData === 'ALL'))
  return all || container === of
}
