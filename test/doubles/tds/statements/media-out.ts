import { randomUUID } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Sink } from '../bak/medium.ts'
import { StripedSink } from '../bak/stripes.ts'
import type { DeviceName } from '../language/syntax.ts'
import { checkCompression } from '../model/rules/media.ts'
import { refused } from '../model/sql-error.ts'
import { Upload } from '../s3/upload.ts'
import { Device } from './device.ts'
import type { Execution } from './execution.ts'
import type { Options } from './options.ts'

/** Where a set goes, and where in it. */
export interface Target extends AsyncDisposable {
  sink: Sink
  at: number
  position: number
  /** As the history has it. */
  name: string
  /** Nothing follows. @throws SqlError 3202 */
  end(): Promise<void>
  writeFailed(error: unknown): unknown
}

/** @throws SqlError 3201, 3098, 3231, … */
export async function openTarget(names: DeviceName[], options: Options, execution: Execution): Promise<Target> {
  const { instance } = execution
  const values = names.map(({ name }) => String(execution.value(name)))
  if (names.some(({ medium }) => medium === 'URL')) return openUrls(values, options, execution)
  const devices = values.map(name => new Device(name, instance, execution.mounts))
  await execution.progress(0).catch(error => {
    throw devices[0]!.openFailed(error, false)
  })
  const [device] = devices as [Device]
  if (devices.length > 1) return openStripes(devices)
  const { file, at, position } = await openOne(device, options)
  return {
    sink: file,
    at,
    position,
    name: device.name,
    end: async () => {},
    writeFailed: error => device.writeFailed(error),
    [Symbol.asyncDispose]: () => file.close(),
  }
}

/** Without FORMAT a file that is there must be a backup; without INIT the set comes behind those in it. */
async function openOne(device: Device, options: Options): Promise<{ file: FileHandle; at: number; position: number }> {
  if (options.has('FORMAT') || device.isNull) return { file: await device.open('w'), at: 0, position: 1 }
  const file = await device.open('a+')
  const { size } = await file.stat()
  await file.close()
  if (size === 0) return { file: await device.open('w'), at: 0, position: 1 }
  await using existing = await device.open('r')
  const media = await device.media(existing)
  if (options.has('INIT')) return { file: await device.open('w'), at: 0, position: 1 }
  checkCompression(
    options.has('COMPRESSION'),
    media.sets.map(({ set }) => set.compressed),
  )
  return { file: await device.open('r+'), at: media.end, position: media.sets.length + 1 }
}

/** The double writes new media sets alone to several devices. */
async function openStripes(devices: Device[]): Promise<Target> {
  const files: FileHandle[] = []
  const closeAll = async () => {
    for (const file of files) await file.close()
  }
  try {
    for (const device of devices) files.push(await device.open('w'))
    const sink = new StripedSink(files)
    await sink.begin(randomUUID())
    return {
      sink,
      at: 0,
      position: 1,
      name: devices[0]!.name,
      end: async () => {},
      writeFailed: error => devices[0]!.writeFailed(error),
      [Symbol.asyncDispose]: closeAll,
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/**
 * Source: Microsoft, "SQL Server backup to URL for S3-compatible object storage": no appending, not in Express. The numbers of these refusals are not documented.
 * @throws SqlError 3031, 1844, 3078, 3201
 */
async function openUrls(urls: string[], options: Options, execution: Execution): Promise<Target> {
  const { instance, signal } = execution
  for (const option of ['INIT', 'NOINIT']) if (options.has(option)) throw refused(3031, option, 'URL')
  if (/^Express/.test(instance.edition)) throw refused(1844, 'BACKUP TO URL', instance.edition)
  const partSize = options.number('MAXTRANSFERSIZE') ?? undefined
  const uploads: Upload[] = []
  const closeAll = () => {
    for (const upload of uploads) upload.close()
  }
  signal.addEventListener('abort', closeAll, { once: true })
  try {
    await execution.progress(0)
    for (const url of urls) uploads.push(await Upload.open(url, instance, partSize))
    const sink = uploads.length === 1 ? uploads[0]! : new StripedSink(uploads)
    if (sink instanceof StripedSink) await sink.begin(randomUUID())
    return {
      sink,
      at: 0,
      position: 1,
      name: urls[0]!,
      end: async () => {
        for (const upload of uploads) await upload.end()
      },
      writeFailed: error => error,
      [Symbol.asyncDispose]: async () => closeAll(),
    }
  } catch (error) {
    closeAll()
    throw error
  }
}
