/**
 * What is looked at once an artefact was read, while others are read already. Whoever ends last waits for all of it: `settled` when no more will begin, or the
 * `end` of what is still under way then.
 */
export class Checks {
  #underWay = 0
  #over = false
  #done: Promise<unknown> = Promise.resolve()

  begin(): void {
    this.#underWay++
  }

  /** @param check is started now. @throws what an earlier one found */
  async end(check: () => Promise<void>): Promise<void> {
    const before = this.#done
    this.#done = Promise.all([before, check()])
    this.#done.catch(() => {}) // thrown to whoever ends next
    await before
    if (--this.#underWay === 0 && this.#over) await this.#done
  }

  /** Nothing more will begin. */
  async settled(): Promise<void> {
    this.#over = true
    if (this.#underWay === 0) await this.#done
  }
}
