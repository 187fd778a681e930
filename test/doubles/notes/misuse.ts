/**
 * `node misuse.ts WORLD SCENARIO`: uses the library as nobody should, in a process of its own, since it may not survive that. Prints what the copy's hash is, where
 * there is a copy.
 */
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { loadKoffi } from '../../../uploader/engines/domino/notes/addon.ts'
import { type Handle, Notes } from '../../../uploader/engines/domino/notes/library.ts'
import { imageHash } from './database.ts'

const [world = '', scenario = ''] = process.argv.slice(2)
process.env.Notes_ExecDirectory = join(world, 'program')
const koffi = await loadKoffi()
const library = join(world, 'program/libnotes.so')
const notes = Notes.load(koffi, library)
const source = join(world, 'data/names.nsf')
const copy = join(world, 'copies/copy')

const start = (): void => notes.init(library, join(world, 'data/notes.ini'))

interface Options {
  /** How much further than it has read the caller claims to be. */
  ahead?: number
  apply?: 'all' | 'none' | 'backwards' | 'without the last'
  /** Bytes beyond the image that are copied too. */
  beyond?: number
}

async function backUp({ ahead = 0, apply = 'all', beyond = 0 }: Options): Promise<void> {
  const database = notes.open('names.nsf')
  const { context, size } = notes.startBackup(database)
  const to = await open(copy, 'w')
  const from = await open(source)
  const block = Buffer.alloc(4096)
  for (let at = 0; at < size + beyond; at += block.length) {
    const { bytesRead } = await from.read(block, 0, Math.min(block.length, size + beyond - at), at)
    await to.write(block, 0, bytesRead, at)
    if (at < size) notes.setHighWaterMark(database, context, Math.min(size, at + bytesRead + ahead))
  }
  await Promise.all([to.close(), from.close()])
  notes.stopBackup(database, context)
  const changes = notes.changeInfoSize(database, context)
  const pieces: Buffer[] = []
  const buffer = notes.changeInfoBuffer
  if (apply !== 'none')
    for (
      let piece = notes.nextChangeInfo(database, context, buffer);
      piece;
      piece = notes.nextChangeInfo(database, context, buffer)
    )
      pieces.push(Buffer.from(piece))
  if (apply === 'backwards') pieces.reverse()
  if (apply === 'without the last') pieces.pop()
  if (apply !== 'none') {
    const applying = notes.startApply(copy, changes)
    for (const piece of pieces) notes.applyNext(applying, piece)
    notes.endApply(applying, 'whole')
  }
  notes.endBackup(database, context, 'whole')
  notes.close(database)
}

const scenarios: Record<string, () => Promise<void> | void> = {
  proper: async () => {
    start()
    await backUp({})
    notes.term()
  },
  'without initialisation': () => void notes.open('names.nsf'),
  'initialised twice': () => {
    start()
    start()
  },
  'from another thread': async () => {
    start()
    const call = koffi.load(library).func('uint16_t NSFGetTransLogStyle(void *style)')
    await new Promise(resolve => call.async(Buffer.alloc(2), resolve))
  },
  'claims to have read more': async () => {
    start()
    await backUp({ ahead: 16_384 })
  },
  'does not apply what changed': async () => {
    start()
    await backUp({ apply: 'none' })
  },
  'applies it in another order': async () => {
    start()
    await backUp({ apply: 'backwards' })
  },
  'leaves out a piece': async () => {
    start()
    await backUp({ apply: 'without the last' })
  },
  'copies what was appended': async () => {
    start()
    await backUp({ beyond: 8192 })
  },
  'asks for changes too early': () => {
    start()
    const database = notes.open('names.nsf')
    const { context } = notes.startBackup(database)
    notes.nextChangeInfo(database, context, notes.changeInfoBuffer)
  },
  'starts twice': () => {
    start()
    const database = notes.open('names.nsf')
    notes.startBackup(database)
    notes.startBackup(database)
  },
  'leaves everything open': () => {
    start()
    const database = notes.open('names.nsf')
    notes.startBackup(database)
    notes.beginArchiving()
    notes.term()
  },
  'uses a handle that was closed': () => {
    start()
    const database: Handle = notes.open('names.nsf')
    notes.close(database)
    notes.pathOf(database)
  },
  'is done with the extent that is still written': () => {
    start()
    notes.beginArchiving()
    const active = notes.waitingExtents().find(({ closed }) => !closed)!
    notes.doneArchiving(active)
  },
  'opens a backup before it was recovered': async () => {
    start()
    await backUp({})
    await copyFile(copy, join(world, 'data/restored.nsf'))
    notes.open('restored.nsf')
  },
}

let failed = ''
try {
  await scenarios[scenario]!()
} catch (error) {
  failed = String(error)
}
process.stdout.write(`${JSON.stringify({ failed, hash: await imageHash(copy).catch(() => '') })}\n`)
process.exit(0)
