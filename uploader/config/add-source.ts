import { isDeepStrictEqual } from 'node:util'
import { isMap, parseDocument } from 'yaml'
import { Failure } from '../../shared/failure.ts'

const options = { lineWidth: 0 } as const

/**
 * A configuration with one more source. Everything else, comments too, stays as it is.
 * @param text of the file, or nothing where there is none yet
 * @throws Failure `source-exists`; `config-not-merged` where the file is written in a way that could lose something
 */
export function addSource(text: string, name: string, entry: Record<string, unknown>): string {
  const document = parseDocument(text, { prettyErrors: false, stringKeys: true })
  const before = (document.toJS() ?? {}) as { sources?: Record<string, unknown> | null }
  if (before.sources && Object.hasOwn(before.sources, name))
    throw new Failure('source-exists', `There is a source ${JSON.stringify(name)} already`, {
      fix: 'Choose another name with --name',
    })
  if (!isMap(document.getIn(['sources']))) document.set('sources', document.createNode({}))
  document.setIn(['sources', name], document.createNode(entry))
  const merged = document.toString(options)
  const expected = { ...before, sources: { ...before.sources, [name]: entry } }
  const again = parseDocument(merged, { prettyErrors: false, stringKeys: true })
  if (again.errors.length === 0 && isDeepStrictEqual(again.toJS(), expected)) return merged
  throw new Failure('config-not-merged', 'The source cannot be added to the configuration without changing it', {
    why: 'it is written in an unusual way',
    fix: `Add it by hand: ${JSON.stringify({ [name]: entry })} under sources`,
  })
}
