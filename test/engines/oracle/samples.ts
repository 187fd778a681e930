import { type Oracle, type OracleOptions, startOracle } from '../../doubles/tns/oracle.ts'

/** Small, so that each of its files is copied at once. */
export function smallOracle(options: OracleOptions = {}): Promise<Oracle> {
  return startOracle({ blockSize: 2048, blocks: 8, logBytes: 16_384, ...options })
}

/** Number of the file of USERS in a database without containers. */
export const users = 4

/** Writes that can be told from one another. */
export function writer({ database }: Oracle) {
  let written = 0
  return {
    /** To a file, or to any in turn. @returns the SCN */
    write(file = 1 + (written % database.dataFiles.length), thread = 1): bigint {
      const blocks = database.blocksOf(file)
      return database.write(file, blocks[written % blocks.length]!, `value ${++written}`, thread)
    },
  }
}
