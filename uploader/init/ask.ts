import type { Readable, Writable } from 'node:stream'
import { type CANCEL_SYMBOL, confirm, isCancel, multiselect, note, password, text } from '@clack/prompts'
import { Failure } from '../../shared/failure.ts'
import { Label } from '../../shared/ids.ts'
import type { Questions } from './questions.ts'

/** Asks on a terminal. @throws Failure `interrupted` when the person does not want to go on */
export function asking(input: Readable, output: Writable): Questions {
  const common = { input, output }
  return {
    async which(found) {
      const options = found.map((value, i) => ({ value: String(i), label: value.what }))
      const initialValues = options.map(({ value }) => value)
      const chosen = wanted(await multiselect({ message: 'Back up', options, initialValues, ...common }))
      return chosen.map(i => found[Number(i)]!)
    },

    async nameOf(detected, suggested, taken) {
      const validate = (name: string | undefined) => {
        if (!Label.safeParse(name).success) return 'Use letters, digits, space, dot, underscore and hyphen'
        return taken(name!) ? 'There is a source of that name already' : undefined
      }
      return wanted(
        await text({ message: `What to call ${detected.what}`, initialValue: suggested, validate, ...common }),
      )
    },

    async mayMake(detected, { statements }) {
      note(statements.join(';\n'), `An account for backups of ${detected.what}`, { output })
      return wanted(await confirm({ message: 'Run these statements', ...common }))
    },

    async passwordOf(administrator, detected) {
      return wanted(await password({ message: `Password of ${administrator} at ${detected.what}`, ...common }))
    },
  }
}

function wanted<T>(answer: T | typeof CANCEL_SYMBOL): T {
  if (!isCancel(answer)) return answer as T
  throw new Failure('interrupted', 'Interrupted', { why: 'a question was left unanswered', fix: 'Run it again' })
}
