import { refused } from '../model/sql-error.ts'
import { compareValues } from './compare.ts'
import type { Compiled } from './compile.ts'
import { convert } from './convert.ts'
import { bigint, int, numeric, type SqlType, type SqlValue } from './types.ts'

type Aggregate = (value: Compiled | undefined, caseSensitive: boolean) => Compiled

/** Values of a group that are not NULL, which is what every aggregate but COUNT(*) looks at. */
function of(value: Compiled | undefined, name: string, type: (own: SqlType) => SqlType, from: Reduction): Compiled {
  if (!value) throw refused(102, name)
  return {
    type: type(value.type),
    constant: false,
    evaluate: row => {
      const values = row.group.map(each => value.evaluate(each)).filter(each => each !== null)
      return from(values, value.type)
    },
  }
}

type Reduction = (values: NonNullable<SqlValue>[], type: SqlType) => SqlValue

const extreme =
  (name: string, wanted: (order: number) => boolean): Aggregate =>
  (value, caseSensitive) =>
    of(
      value,
      name,
      type => type,
      values =>
        values.length === 0
          ? null
          : values.reduce((best, each) => (wanted(compareValues(each, best, caseSensitive)) ? each : best)),
    )

const counting =
  (type: SqlType): Aggregate =>
  value => {
    const count = (length: number) => convert(length, int, type)
    if (!value) return { type, constant: false, evaluate: row => count(row.group.length) }
    return of(
      value,
      'count',
      () => type,
      values => count(values.length),
    )
  }

/** Source: Microsoft, "SUM (Transact-SQL)", return types. */
function sumType(type: SqlType): SqlType {
  switch (type.name) {
    case 'numeric':
      return numeric(38, type.scale)
    case 'bigint':
      return bigint
    case 'real':
    case 'float':
      return { name: 'float' }
    case 'tinyint':
    case 'smallint':
    case 'int':
      return int
    default:
      throw refused(8117, type.name, 'sum')
  }
}

const sum: Aggregate = value =>
  of(value, 'sum', sumType, (values, type) => {
    if (values.length === 0) return null
    const whole = sumType(type)
    if (whole.name === 'float') return values.reduce<number>((total, each) => total + Number(each), 0)
    const total = values.reduce<bigint>((so, each) => so + BigInt(each as number | bigint), 0n)
    return whole.name === 'int' ? convert(total, bigint, int) : total
  })

export const aggregates: Record<string, Aggregate | undefined> = {
  count: counting(int),
  count_big: counting(bigint),
  max: extreme('max', order => order > 0),
  min: extreme('min', order => order < 0),
  sum,
}
