/** Gives each new pack of a snapshot the lowest number that none has. */
export class PackNumbers {
  readonly #taken: Set<number>

  constructor(taken: readonly number[]) {
    this.#taken = new Set(taken)
  }

  next(): number {
    const n = this.#lowest()
    this.#taken.add(n)
    return n
  }

  /** Whether a number is free below one that is taken. */
  get hasGap(): boolean {
    return this.#lowest() <= this.#taken.size
  }

  #lowest(): number {
    let n = 1
    while (this.#taken.has(n)) n += 1
    return n
  }
}
