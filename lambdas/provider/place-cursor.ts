import { TenantId } from '../../shared/ids.ts'
import { ProblemError } from '../../shared/problem.ts'

/**
 * Where a list that goes from tenant to tenant goes on: behind `<tenant>/<name>`, the last of what was looked at. The tenant is empty for the receiver
 * itself, which comes first.
 */
export interface PlaceCursor {
  tenant: TenantId | null
  /** Sorts as its item does in the catalogue. */
  name: string
}

/** Behind everything of a tenant. */
export const lastOfAll = '~'

/** What names look like in a list. */
export const names = {
  source: /^(?:[0-9A-HJKMNP-TV-Z]{26}|~)$/,
  condition: /^(?:[a-z-]+#.+|~)$/s,
}

export function cursorAfter({ tenant, name }: PlaceCursor): string {
  return `${tenant ?? ''}/${name}`
}

/** @throws ProblemError `invalid-request` */
export function parseCursor(after: string | undefined, names: RegExp): PlaceCursor | undefined {
  if (after === undefined) return undefined
  const slash = after.indexOf('/')
  const [owner, name] = [after.slice(0, slash), after.slice(slash + 1)]
  if (slash < 0 || !names.test(name) || !(owner === '' || TenantId.safeParse(owner).success))
    throw new ProblemError('invalid-request', 'after: it is no answer of this call')
  return { tenant: owner === '' ? null : owner, name }
}
