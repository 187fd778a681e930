import { expect } from 'vitest'
import type { Answer } from '../receiver/support.ts'
import { type Names, nobodys } from './names.ts'
import { type Probe, probes } from './probes.ts'
import { told } from './told.ts'

export type Send = (method: string, probe: Probe) => Promise<Answer>

/** Asks for the victim's things, for nobody's, and for things that nobody has below the victim's: all must tell the same. */
export async function askedAlike(
  route: string,
  { theirs, own }: { theirs: Names; own: Names },
  send: Send,
): Promise<void> {
  const method = route.split(' ')[0]!
  const askers = [
    theirs,
    nobodys({ token: theirs.token }),
    nobodys({ tenant: theirs.tenant, source: theirs.source, token: theirs.token }),
  ]
  const many = askers.map(names => ({ names, list: probes[route]!(names, own) }))
  for (const [i, probe] of many[0]!.list.entries()) {
    const what = []
    for (const { names, list } of many) what.push(told(await send(method, list[i]!), names))
    expect(what[0]!.status >= 400, `${method} ${probe.target}`).toBe(probe.answered !== true)
    for (const other of what.slice(1)) expect(other, `${method} ${probe.target}`).toEqual(what[0])
    expect(what[0]!.text).not.toMatch(/<secret>.*X-Amz|X-Amz/)
  }
}
