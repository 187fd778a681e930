import type { UnitEntry } from '../../../../shared/snapshot.ts'
import type { BackupContext, Session } from '../../engine.ts'
import { PromotionNeeded } from '../../promotion-needed.ts'
import { loginOf } from '../connection/login.ts'
import { explainLost } from '../connection/lost.ts'
import { Server } from '../connection/server.ts'
import { inspectServer } from '../inspect.ts'
import { has, type Inventory } from '../inventory.ts'
import { serverTime } from '../moment/snapshot.ts'
import type { Settings } from '../settings.ts'
import { filesFrom } from './continuation.ts'
import { readLogHead } from './head.ts'
import { differenceFrom } from './history.ts'
import { LogSession, reasonOf, type Span } from './session.ts'
import { endOfLogs, type LogFile, readLogState } from './state.ts'
import { LogDamage } from './walk.ts'

/**
 * A log run: closes the log that is written to, so that all that is backed up are whole files, and looks whether they are the ones that
 * the last backup ended in.
 * @throws PromotionNeeded where they are not
 */
export async function beginLog(settings: Settings, base: UnitEntry, context: BackupContext): Promise<Session> {
  const { signal, step, warn } = context
  step(1)
  const login = await loginOf(settings.connection, signal)
  const control = await Server.connect(login, signal)
  const readers = new Set<Server>()
  const destroy = () => {
    for (const server of [control, ...readers]) server.destroy()
  }
  signal.addEventListener('abort', destroy, { once: true })
  const open = async () => {
    for (const reader of readers) if (reader.lost) readers.delete(reader)
    const server = await Server.connect(login, signal)
    readers.add(server)
    return server
  }
  try {
    const inventory = await inspectServer(control)
    if (inventory.log?.format === 'MIXED')
      warn(
        'binlog-mixed',
        'binlog_format is MIXED: statements in the log may have other effects when they are replayed; set it to ROW',
      )
    step(2)
    const end = await close(control, inventory)
    step(3)
    const known = filesFrom(base, end.files)
    if (!known.possible) throw new PromotionNeeded(known)
    const log = { ...inventory.log!, files: end.files }
    const difference = await differenceFrom(base, { ...inventory, log }, { control, open })
    if (difference)
      throw new PromotionNeeded({ ...difference, reason: `${difference.reason}, so everything is backed up` })
    const spans = spansOf(known.files, end)
    const head = await readLogHead(await open(), inventory.flavour, end.file)
    const finished = {
      file: end.file,
      offset: end.offset,
      created: head.created,
      gtid: end.offset === beginning ? head.gtidsBefore : end.gtid,
      time: end.time,
    }
    return new LogSession({ inventory, base, spans, end: finished, open, context }, async () => {
      signal.removeEventListener('abort', destroy)
      for (const reader of readers) reader.destroy()
      await control.end()
    })
  } catch (error) {
    signal.removeEventListener('abort', destroy)
    destroy()
    signal.throwIfAborted()
    if (error instanceof LogDamage) throw new PromotionNeeded(reasonOf(error), error)
    throw explainLost(error)
  }
}

/** Where a file's first event is. */
const beginning = 4

interface End {
  files: LogFile[]
  file: string
  offset: number
  gtid: string
  /** Everything that was committed until then is in the logs up to the end. */
  time: string
}

/** Without the right to close the current log it is read as far as it goes, and again from its start by the next run. */
async function close(control: Server, inventory: Inventory): Promise<End> {
  const { flavour, release } = inventory
  const time = await serverTime(control)
  const closes = has(inventory, 'RELOAD')
  if (closes) await control.query('FLUSH NO_WRITE_TO_BINLOG BINARY LOGS')
  const end = closes ? undefined : await endOfLogs(control, flavour, release)
  const { files } = await readLogState(control, flavour, release)
  if (!files || files.length === 0 || (!closes && !end))
    throw new PromotionNeeded({ code: 'LOG_RIGHTS', reason: 'the account may no longer list the binary logs' })
  if (!end) return { files, file: files.at(-1)!.name, offset: beginning, gtid: '', time }
  const gtid =
    flavour === 'mariadb'
      ? (await control.one(`SELECT BINLOG_GTID_POS('${end.file}', ${end.offset}) gtid`))?.gtid
      : end.gtid
  return { files, ...end, gtid: gtid ?? '', time }
}

/** Every file as far as it counts: whole, but for the one that is still written to. */
function spansOf(files: LogFile[], end: End): Span[] {
  const spans: Span[] = []
  for (const { name, size } of files) {
    if (name === end.file) {
      if (end.offset > beginning) spans.push({ name, until: end.offset, closed: false })
      break
    }
    spans.push({ name, until: size, closed: true })
  }
  return spans
}
