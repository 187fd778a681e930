/**
 * The form of every `.sql` artefact. The stock client reads it, and so does our own loader, which needs no SQL parser for it:
 *
 *   -- comment lines
 *   SET … ;                    the session it needs: each file stands alone
 *   DELIMITER ;;1              where the text of a statement itself has a `;` in it
 *   statements, each ended by the delimiter and a line end
 *   -- failsafe: complete …    the last line: a file without it was cut off
 */
export const endMarker = '-- failsafe: complete'

export interface ScriptEnd {
  statements: number
  rows: number
  /** Bytes of the longest statement, without its delimiter. */
  largestStatement: number
}

export function endLine({ statements, rows, largestStatement }: ScriptEnd): string {
  return `${endMarker}; statements ${statements}; rows ${rows}; largest statement ${largestStatement}\n`
}

/** @returns undefined where the line is not an end marker */
export function parseEndLine(line: string): ScriptEnd | undefined {
  const match = /^-- failsafe: complete; statements (\d+); rows (\d+); largest statement (\d+)\n$/.exec(line)
  return match
    ? { statements: Number(match[1]), rows: Number(match[2]), largestStatement: Number(match[3]) }
    : undefined
}

/** A delimiter that is nowhere in `text`. (The stock client ends a statement at a `;` in the middle of a line too.) */
export function delimiterFor(text: Buffer): string {
  for (let number = 0; ; number++) {
    const delimiter = number === 0 ? ';' : `;;${number}`
    if (!text.includes(delimiter)) return delimiter
  }
}

/**
 * What is the same in all files: how bytes, times and zeroes of this file are meant. A table that lay in a directory of its own (DATA DIRECTORY) comes
 * into the target's data directory: the path is one of the source's computer.
 */
export const sessionHead = `SET NAMES utf8mb4;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_DIR_IN_CREATE', time_zone = '+00:00', foreign_key_checks = 0, unique_checks = 0, autocommit = 1;
/*!80013 SET SESSION sql_require_primary_key = 0 */;
/*!80030 SET SESSION sql_generate_invisible_primary_key = 0 */;
/*!80400 SET SESSION restrict_fk_on_non_standard_key = 0 */;
`

/** Builds a small file (definitions) in memory. Statements are bytes: the text of a routine may be in another character set. */
export class Script {
  readonly #parts: Buffer[] = []
  #statements = 0
  #largest = 0

  /** @param title what the file holds, on one line */
  constructor(title: string) {
    this.#parts.push(Buffer.from(`-- FailSafe Online Backup: ${title}\n${sessionHead}`))
  }

  /** @param statement without its delimiter */
  add(statement: Buffer | string): this {
    const text = typeof statement === 'string' ? Buffer.from(statement) : statement
    const delimiter = delimiterFor(text)
    if (delimiter === ';') this.#parts.push(text, Buffer.from(';\n'))
    else this.#parts.push(Buffer.from(`DELIMITER ${delimiter}\n`), text, Buffer.from(`${delimiter}\nDELIMITER ;\n`))
    this.#statements++
    this.#largest = Math.max(this.#largest, text.length)
    return this
  }

  /** Each line of the text as a comment. */
  comment(text: string): this {
    for (const line of text.split(/\r\n|[\r\n\u2028\u2029]/)) this.#parts.push(Buffer.from(`-- ${line}\n`))
    return this
  }

  /** All so far, for a file that goes on with statements of another kind. */
  beginning(): Buffer {
    return Buffer.concat(this.#parts)
  }

  bytes(): Buffer {
    const end = endLine({ statements: this.#statements, rows: 0, largestStatement: this.#largest })
    return Buffer.concat([...this.#parts, Buffer.from(end)])
  }
}
