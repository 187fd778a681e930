import { Failure } from '../../shared/failure.ts'
import { ask } from '../control/ask.ts'
import { runNames } from '../control/place.ts'
import { RunStatus } from '../control/requests.ts'

/** The backups that are going on for a state directory, whoever started them. One that ends while it is asked is none. */
export async function runsInFlight(state: string): Promise<RunStatus[]> {
  const names = await runNames(state)
  const answers = await Promise.all(
    names.map(name =>
      ask(state, name, { ask: 'status' }, RunStatus, 5000).catch(error => {
        if (error instanceof Failure && error.code === 'control-silent') return undefined
        throw error
      }),
    ),
  )
  return answers.filter(answer => answer !== undefined)
}
