import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { newUlid } from '../../shared/ids.ts'
import { newSigningKey, type PrivateKey, publicKeyOf } from '../../shared/jws.ts'
import { handOver, isHandover, keysOf, lineTo } from '../../shared/succession.ts'
import { seed, times } from '../support/counts.ts'

const agent = `acme.${newUlid()}`
const at = new Date('2026-11-22T12:00:00Z')
const give = async (from: PrivateKey, to: PrivateKey, of = agent) => (await handOver(of, from, to, at)).succession

let keys: PrivateKey[]
/** keys[0] → keys[1] → … */
let line: string[]
beforeAll(async () => {
  keys = await Promise.all(Array.from({ length: 6 }, newSigningKey))
  line = await Promise.all(keys.slice(1).map((key, i) => give(keys[i]!, key)))
})

describe('a line of descent', () => {
  it('leads from the first key to the last, each vouched for by the one before', async () => {
    expect(await keysOf(line, agent)).toEqual(keys.map(publicKeyOf))
    expect(await keysOf([], agent)).toEqual([])
    expect(await lineTo(line, agent, keys[2]!)).toEqual(line.slice(0, 2))
    expect(await lineTo(line, agent, await newSigningKey())).toBeUndefined()
  })

  it('holds only as it is: links left out, doubled, turned or put elsewhere break it', async () => {
    const some = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 7 })
    await fc.assert(
      fc.asyncProperty(some, async picks => {
        const consecutive = picks.every((pick, i) => i === 0 || pick === picks[i - 1]! + 1)
        const walked = keysOf(
          picks.map(pick => line[pick]!),
          agent,
        )
        if (consecutive) expect(await walked).toHaveLength(picks.length + 1)
        else await expect(walked).rejects.toMatchObject({ code: 'succession-broken' })
      }),
      { seed, numRuns: times(500) },
    )
  })

  it('is refused when it forks, turns back, is of another agent, or when a link was changed or signed by somebody else', async () => {
    const stranger = await newSigningKey()
    const forked = [line[0]!, await give(keys[0]!, stranger)]
    const back = [line[0]!, line[1]!, await give(keys[2]!, keys[0]!)]
    const foreign = [line[0]!, await give(keys[1]!, keys[2]!, `acme.${newUlid()}`)]
    const [head, , signature] = line[1]!.split('.')
    const [, payload] = (await give(keys[1]!, stranger)).split('.')
    const changed = [line[0]!, [head, payload, signature].join('.')]
    const [otherHead, otherPayload] = line[1]!.split('.')
    const forged = [line[0]!, [otherHead, otherPayload, (await give(stranger, keys[2]!)).split('.')[2]].join('.')]
    const typ = [line[0]!, (await handOver(agent, keys[1]!, keys[2]!, at)).possession]
    for (const bad of [forked, back, foreign, changed, forged, typ, ['x'], ['a.b.c']])
      await expect(keysOf(bad, agent)).rejects.toMatchObject({ code: 'succession-broken' })
  })
})

describe('a handover', () => {
  it('wants both keys to say the same of the same agent', async () => {
    const [old, next, other] = [keys[0]!, keys[1]!, keys[2]!]
    const good = await handOver(agent, old, next, at)
    const expected = { agent, oldKey: publicKeyOf(old), newKey: publicKeyOf(next) }
    expect(await isHandover(good, expected)).toBe(true)
    const later = await handOver(agent, old, next, new Date(at.getTime() + 1000))
    const bad = [
      { ...good, possession: later.possession },
      { ...good, possession: good.succession },
      { succession: good.possession, possession: good.succession },
      { ...good, possession: (await handOver(agent, old, other, at)).possession },
      await handOver(agent, other, next, at),
      await handOver(`acme.${newUlid()}`, old, next, at),
    ]
    for (const each of bad) expect(await isHandover(each, expected)).toBe(false)
  })
})
