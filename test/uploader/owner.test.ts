import { chown, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory } from '../../uploader/files/make-directory.ts'
import { writeDurably } from '../../uploader/files/write.ts'
import { runOk } from '../support/run.ts'
import { temporaryDirectory } from './directory.ts'

/** Root is at work in the state of the service's account; who is not root is at work in his own. */
const [me, other] = process.getuid!() === 0 ? [0, 65_534] : [process.getuid!(), process.getuid!()]

test('what root writes into a directory of another account belongs to that account', async () => {
  await using directory = await temporaryDirectory()
  const state = directory.in('state')
  await mkdir(state, { mode: 0o700 })
  await chown(state, other, other)
  await writeDurably(join(state, 'agent.json'), 'once')
  await writeDurably(join(state, 'agent.json'), 'twice')
  await makeDirectory(join(state, 'staging', 'deep'), 0o700)
  for (const path of ['agent.json', 'staging', 'staging/deep'])
    expect((await stat(join(state, path))).uid, path).toBe(other)
  // A file keeps its owner when it is replaced, whosever the directory is.
  await writeFile(directory.in('theirs'), '')
  await chown(directory.in('theirs'), other, other)
  await writeDurably(directory.in('theirs'), 'new')
  expect((await stat(directory.in('theirs'))).uid).toBe(other)
  await writeDurably(directory.in('mine'), '')
  expect((await stat(directory.in('mine'))).uid).toBe(me)
})

test('a process of root goes on as the account that the state belongs to', async () => {
  await using directory = await temporaryDirectory()
  const state = directory.in('state')
  await mkdir(state, { mode: 0o700 })
  await chown(state, other, other)
  const script = directory.in('script.ts')
  const module = join(import.meta.dirname, '../../uploader/state/act-as-owner.ts')
  await writeFile(
    script,
    `import { actAsOwner } from ${JSON.stringify(module)}
     await actAsOwner(${JSON.stringify(directory.in('nowhere'))})
     await actAsOwner(process.argv[2]!)
     console.log(process.geteuid!(), process.getegid!())`,
  )
  expect((await runOk(process.execPath, [script, state])).stdout.split(' ')[0]).toBe(String(other))
})
