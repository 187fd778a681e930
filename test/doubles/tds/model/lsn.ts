/** numeric(25,0): virtual log file, ten digits; log block, ten digits; slot in the block, five digits. Source: Microsoft, "sys.fn_dblog" forms; reference 1.C. */
export type Lsn = bigint

const slots = 100_000n
const blocks = 10_000_000_000n
/** A virtual log file of two megabytes, in blocks of 512 bytes. */
const blocksInFile = 4096

export function lsn(file: number, block: number, slot: number): Lsn {
  return (BigInt(file) * blocks + BigInt(block)) * slots + BigInt(slot)
}

/** Where the next log record of a database goes. */
export class LogEnd {
  #file: number
  #block: number
  #slot = 1

  constructor(file: number, block = 16) {
    this.#file = file
    this.#block = block
  }

  /** The end of a log that was rolled forward to `at`. */
  static at(at: Lsn): LogEnd {
    const end = new LogEnd(Number(at / slots / blocks), Number((at / slots) % blocks))
    end.#slot = Number(at % slots)
    return end
  }

  get lsn(): Lsn {
    return lsn(this.#file, this.#block, this.#slot)
  }

  /** A record in the block that is being filled. */
  record(): Lsn {
    const at = this.lsn
    this.#slot++
    return at
  }

  /** A commit or a checkpoint writes the block out: the next record starts another one, or another file. */
  flush(): void {
    this.#block += 8
    this.#slot = 1
    if (this.#block >= blocksInFile) {
      this.#file++
      this.#block = 16
    }
  }
}
