import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProblemError } from '../../shared/problem.ts'
import { digest, text } from '../sealed/support.ts'
import { seed, times } from '../support/counts.ts'
import type { Order } from './child.ts'
import { content, MiB, newRig, type Rig, readBack, stagedText } from './support.ts'
import { startVault, type Vault } from './vault.ts'

let vault: Vault
beforeAll(async () => {
  vault = await startVault()
})
afterAll(() => vault.close())

test('a kill at any moment leaves sealed bytes only, and the next run clears up and succeeds', {
  timeout: 600_000,
}, async () => {
  const runs = times(50)
  let unfinished = 0
  let parts = 0
  for (let n = 0; n < runs; n++) {
    const rig = await newRig(vault)
    const marker = `MARKER-${n}-not-to-be-seen`
    const child = await start(rig)
    const order: Order = { agent: rig.agent, dir: rig.dir, maxBytes: 40 * MiB, marker }
    // A run makes some thirty calls. The first kill strikes where parts are under way for certain, the others anywhere.
    const fatal = n === 0 ? 6 : 1 + Math.floor(random(n) * 30)
    rig.receiver.before = async () => {
      if (rig.receiver.calls.length !== fatal) return
      await sleep(random(n + 0.5) * 50)
      child.kill('SIGKILL')
    }
    child.send({ order })
    await once(child, 'exit')
    rig.receiver.before = () => {}
    if (rig.receiver.states()[0] === 'open') unfinished += 1
    parts += (await rig.staged()).filter(({ name }) => name.endsWith('.part')).length
    expect(await stagedText(rig)).not.toContain(marker)

    // The child's lock died with it.
    const plain = text(300_000)
    const result = await rig.backUp([content('next', plain)])
    await readBack(rig, rig.receiver.manifests.at(-1)!, async (_line, bytes) => {
      expect(await digest(bytes)).toBe(await digest(content('next', plain).read()))
    })
    expect(rig.receiver.states().filter(state => state === 'open')).toEqual([])
    expect(rig.receiver.manifests.at(-1)?.snapshot).toBe(result.snapshot)
    expect(await rig.staged()).toEqual([])
    await rig.close()
  }
  expect(unfinished).toBeGreaterThan(0)
  expect(parts).toBeGreaterThan(0)
})

/** From 0 to 1, the same for the same seed. */
const random = (n: number) => (Math.sin(seed + n * 7919) + 1) / 2

/** A process that is ready to take its order. */
async function start(rig: Rig): Promise<ChildProcess> {
  const child = fork(new URL('child.ts', import.meta.url), { stdio: 'inherit' })
  await once(child, 'message')
  child.on('message', async ({ id, method, args }: { id: number; method: string; args: unknown[] }) => {
    try {
      const call = (rig.receiver as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!
      const value = await call.apply(rig.receiver, args)
      if (child.connected) child.send({ id, value }, () => {})
    } catch (error) {
      // What the vault says to the calls of a run that is dead concerns nobody.
      if (!child.connected) return
      if (!(error instanceof ProblemError)) throw error
      child.send({ id, problem: error.toDocument() }, () => {})
    }
  })
  return child
}
