import type { Reader } from './reader.ts'
import { fieldVersion, type Release } from './release.ts'
import { Writer } from './writer.ts'

const al32utf8 = 873
const al16utf16 = 2000
const protocolVersion = 6
const compileCapabilities = 53
const runtimeCapabilities = 7
/** Hours and minutes of an interval have this much added. */
const intervalBias = 60

/** Whether the time zone of the database is told with the data types; older servers are asked for it with a query. */
function tellsTimeZone(release: Release): boolean {
  return release.fieldVersion >= fieldVersion['12.2.0.2']
}

/** The answer to the first message of the presentation layer: who the server is and what it is able to do. */
export function protocolAnswer(release: Release): Buffer {
  const compiled = Buffer.alloc(compileCapabilities)
  compiled[7] = release.fieldVersion
  const runtime = Buffer.alloc(runtimeCapabilities)
  runtime[1] = tellsTimeZone(release) ? 1 : 0
  const stringsOf32K = 0x04
  runtime[6] = stringsOf32K
  // The driver looks for the national character set behind what bytes 5 and 6 say is to be skipped.
  const formats = Buffer.alloc(11)
  formats.writeUInt16BE(al16utf16, 9)
  return new Writer()
    .u8(1, protocolVersion, 0)
    .raw(Buffer.from('x86_64/Linux 2.4.xx\0'))
    .u16le(al32utf8)
    .u8(1)
    .u16le(0)
    .u16(formats.length)
    .raw(formats)
    .value(compiled)
    .value(runtime)
    .bytes()
}

/** The answer to the client's list of data types: nothing is to be converted. */
export function dataTypesAnswer(release: Release, offsetMinutes: number): Buffer {
  const zone = Buffer.from([
    ...[0x80, 0, 0, 0],
    intervalBias + Math.trunc(offsetMinutes / 60),
    intervalBias + (offsetMinutes % 60),
    ...[intervalBias, 0x80, 0, 0, 0],
  ])
  return new Writer()
    .u8(2)
    .raw(tellsTimeZone(release) ? zone : Buffer.alloc(0))
    .u16(0)
    .bytes()
}

/** Reads past the client's data types, and what it says of itself before them. */
export function skipDataTypes(reader: Reader): void {
  reader.take(6)
  reader.value()
  const runtime = reader.value()
  const timeZoneBytes = 11
  if (runtime![1]) reader.take(timeZoneBytes)
  while (reader.u16() !== 0) reader.take(6)
}

/** Reads past the first message of the presentation layer. */
export function skipProtocol(reader: Reader): void {
  reader.take(3)
  while (reader.u8() !== 0);
}
