import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { digest, text } from '../sealed/support.ts'
import { seed, times } from '../support/counts.ts'
import { startRun } from './killed.ts'
import { content, newRig, readBack, stagedText } from './support.ts'
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
    const child = await startRun(rig, { contents: 'of a moment', marker })
    // A run makes some twenty calls. The first kill strikes where parts are under way for certain, the others anywhere.
    const fatal = n === 0 ? 6 : 1 + Math.floor(random(n) * 20)
    rig.receiver.before = async () => {
      if (rig.receiver.calls.length !== fatal) return
      await sleep(random(n + 0.5) * 50)
      child.kill()
    }
    child.begin()
    await child.ended
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
