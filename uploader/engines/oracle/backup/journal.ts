import { type Held, removeNote, writeNote } from './note.ts'

/** On the disk before backup mode begins, and until it has ended. */
export class BackupModeJournal {
  readonly #path: string
  readonly #database: string
  #held: Held[] = []
  #last: Promise<void> = Promise.resolve()

  constructor(path: string, database: string) {
    this.#path = path
    this.#database = database
  }

  /** Returns when it is on the disk. */
  add(held: Held): Promise<void> {
    this.#held.push(held)
    return this.#save()
  }

  /** What was noted has become more, or less. */
  update(change: (held: Held[]) => Held[]): Promise<void> {
    this.#held = change(this.#held)
    return this.#save()
  }

  get held(): readonly Held[] {
    return this.#held
  }

  /** One after the other, each with what is known when it is written. */
  #save(): Promise<void> {
    const next = this.#last.then(() =>
      this.#held.length === 0
        ? removeNote(this.#path)
        : writeNote(this.#path, {
            format: 'failsafe.oracle-backup-mode/1',
            database: this.#database,
            held: this.#held,
          }),
    )
    this.#last = next.catch(() => {})
    return next
  }
}
