import type { FileHandle } from 'node:fs/promises'
import type { Media } from '../bak/media.ts'
import type { Source } from '../bak/medium.ts'
import { type Family, familyOf, StripedSource } from '../bak/stripes.ts'
import type { DeviceName } from '../language/syntax.ts'
import { refused } from '../model/sql-error.ts'
import { Device } from './device.ts'
import type { Execution } from './execution.ts'

export interface OpenMedia extends AsyncDisposable {
  /** The first, for messages. */
  device: Device
  source: Source
  media: Media
}

/**
 * Opens the files of one media set: all of its families, in whatever order.
 * Source: Microsoft, "Media sets, media families, and backup sets (SQL Server)"; Database Engine events and errors (3000 to 3999).
 * @throws SqlError 3201, 3132, 3231, 3241, 3242, 3203
 */
export async function openMedia(names: DeviceName[], execution: Execution): Promise<OpenMedia> {
  const devices = names.map(
    ({ name }) => new Device(String(execution.value(name)), execution.instance, execution.mounts),
  )
  const [device] = devices as [Device]
  await execution.progress(0).catch(error => {
    throw device.openFailed(error, true)
  })
  const files: FileHandle[] = []
  const closeAll = async () => {
    for (const file of files) await file.close()
  }
  try {
    for (const each of devices) files.push(await each.open('r'))
    const source = await sourceOf(files, device)
    return { device, source, media: await device.media(source), [Symbol.asyncDispose]: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function sourceOf(files: FileHandle[], { name }: Device): Promise<Source> {
  const families = await Promise.all(files.map(familyOf))
  const [first] = families
  const count = first?.count ?? 1
  if (files.length < count) throw refused(3132, count, files.length)
  const sameSet = (family: Family | undefined) => family?.set === first?.set
  if (files.length > count || !families.every(sameSet)) throw refused(3231, name, count, files.length)
  if (!first) return files[0]!
  const order = files.toSorted((a, b) => families[files.indexOf(a)]!.number - families[files.indexOf(b)]!.number)
  return new StripedSource(order)
}
