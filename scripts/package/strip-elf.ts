const sectionAlloc = 2n
const sectionNoBits = 8
const headerSize = 64

interface Section {
  name: string
  header: Buffer
}

/**
 * An ELF64 little-endian executable without symbol tables and debug sections: what the loader does not map is left out. Works for any
 * processor, so that one machine strips the runtimes of all. Has to happen before a blob is injected: a stripped result does not start.
 * @throws for a file that is not such an executable
 */
export function stripElf(file: Buffer): Buffer {
  if (file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1)
    throw new Error('not an ELF64 little-endian file')
  const sections = readSections(file)
  const kept = sections.filter(({ header }, index) => index === 0 || (header.readBigUInt64LE(8) & sectionAlloc) !== 0n)
  const renumbered = new Map(kept.map((section, index) => [sections.indexOf(section), index]))
  const end = Math.max(...segmentEnds(file), ...kept.filter(hasBytes).map(endOf))

  const names = Buffer.from(`${kept.map(({ name }) => `${name}\0`).join('')}.shstrtab\0`)
  let nameOffset = 0
  const headers = kept.map(({ name, header }) => {
    const copy = Buffer.from(header)
    copy.writeUInt32LE(nameOffset, 0)
    nameOffset += name.length + 1
    // Links to a section that is gone can only come from one that is gone too; 0 means none.
    for (const link of [40, 44])
      if (renumbered.has(copy.readUInt32LE(link))) copy.writeUInt32LE(renumbered.get(copy.readUInt32LE(link))!, link)
    return copy
  })
  const namesAt = end
  const tableAt = Math.ceil((namesAt + names.length) / 8) * 8
  const nameSection = Buffer.alloc(headerSize)
  nameSection.writeUInt32LE(nameOffset, 0)
  nameSection.writeUInt32LE(3, 4)
  nameSection.writeBigUInt64LE(BigInt(namesAt), 24)
  nameSection.writeBigUInt64LE(BigInt(names.length), 32)
  nameSection.writeBigUInt64LE(1n, 48)

  const result = Buffer.concat([
    file.subarray(0, end),
    names,
    Buffer.alloc(tableAt - namesAt - names.length),
    ...headers,
    nameSection,
  ])
  result.writeBigUInt64LE(BigInt(tableAt), 0x28)
  result.writeUInt16LE(headers.length + 1, 0x3c)
  result.writeUInt16LE(headers.length, 0x3e)
  return result
}

function readSections(file: Buffer): Section[] {
  const table = Number(file.readBigUInt64LE(0x28))
  const count = file.readUInt16LE(0x3c)
  const headers = Array.from({ length: count }, (_, index) =>
    file.subarray(table + index * headerSize, table + (index + 1) * headerSize),
  )
  const names = Number(headers[file.readUInt16LE(0x3e)]!.readBigUInt64LE(24))
  return headers.map(header => {
    const start = names + header.readUInt32LE(0)
    return { name: file.toString('latin1', start, file.indexOf(0, start)), header }
  })
}

/** Where the bytes of each program header end in the file. */
function segmentEnds(file: Buffer): number[] {
  const table = Number(file.readBigUInt64LE(0x20))
  const size = file.readUInt16LE(0x36)
  return Array.from({ length: file.readUInt16LE(0x38) }, (_, index) => {
    const at = table + index * size
    return Number(file.readBigUInt64LE(at + 8) + file.readBigUInt64LE(at + 32))
  })
}

function hasBytes({ header }: Section): boolean {
  return header.readUInt32LE(4) !== sectionNoBits
}

function endOf({ header }: Section): number {
  return Number(header.readBigUInt64LE(24) + header.readBigUInt64LE(32))
}
