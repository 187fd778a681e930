import { runOk } from '../../test/support/run.ts'
import type { Contender } from './contenders.ts'
import type { Round } from './report.ts'

/** All runners once in each round, so that what the machine does besides falls on all of them. */
export async function interleaved(rounds: number, runners: Contender[]): Promise<{ rounds: Round[]; does: string[] }> {
  const results: Round[] = []
  for (let round = 0; round < rounds; round++) {
    // Whoever goes first finds colder caches: the order turns with each round.
    const order = runners.map((_, index) => runners[(index + round) % runners.length]!)
    const result: Round = Object.fromEntries(runners.map(({ name }) => [name, undefined!]))
    for (const { name, run } of order) {
      // What the one before has left to the disk is not for the next one to wait for.
      await runOk('sync', [])
      result[name] = await run(round)
      console.log(`round ${round + 1}: ${name} ${result[name].wall.toFixed(1)} s`)
    }
    results.push(result)
  }
  return { rounds: results, does: runners.map(({ name, does }) => `- ${name}: \`${does}\``) }
}
