import { compilePattern, isArnLike } from './pattern.ts'

/** `unknown`: the statement says something that we cannot judge; a Deny then applies and an Allow does not. */
export type Verdict = 'yes' | 'no' | 'unknown'
type Context = Record<string, string[]>
export type Condition = (context: Context) => Verdict

/**
 * The condition keys that the stand-ins supply wherever AWS would. A key outside this list may be missing from a request only because
 * nobody here knows it, so it is never taken as absent.
 */
const knownKeys = new Set([
  'aws:securetransport',
  // Only a service that acts for a resource of an account says which.
  'aws:sourceaccount',
  'aws:sourcearn',
  'dynamodb:leadingkeys',
  's3:authtype',
  's3:delimiter',
  's3:if-none-match',
  's3:max-keys',
  's3:object-lock-mode',
  's3:object-lock-remaining-retention-days',
  's3:object-lock-retain-until-date',
  's3:objectcreationoperation',
  's3:prefix',
  's3:signatureage',
  's3:signatureversion',
  's3:tlsversion',
  's3:versionid',
  's3:x-amz-content-sha256',
])

/** Compares one value of the request with one value of the policy. */
type Comparison = (asked: string, stated: string) => boolean
interface Operator {
  compare: Comparison
  /** A negated operator holds when no stated value matches, and also when the request has no such key. */
  negated: boolean
}

const numeric =
  (compare: (asked: number, stated: number) => boolean): Comparison =>
  (asked, stated) =>
    compare(Number(asked), Number(stated))
const like: Comparison = (asked, stated) => compilePattern(stated).test(asked)
const operators = new Map<string, Operator>([
  ['ArnLike', { compare: isArnLike, negated: false }],
  ['Bool', { compare: (asked, stated) => asked.toLowerCase() === stated.toLowerCase(), negated: false }],
  ['StringEquals', { compare: (asked, stated) => asked === stated, negated: false }],
  ['StringNotEquals', { compare: (asked, stated) => asked === stated, negated: true }],
  ['StringLike', { compare: like, negated: false }],
  ['StringNotLike', { compare: like, negated: true }],
  ['NumericEquals', { compare: numeric((asked, stated) => asked === stated), negated: false }],
  ['NumericNotEquals', { compare: numeric((asked, stated) => asked === stated), negated: true }],
  ['NumericLessThan', { compare: numeric((asked, stated) => asked < stated), negated: false }],
  ['NumericLessThanEquals', { compare: numeric((asked, stated) => asked <= stated), negated: false }],
  ['NumericGreaterThan', { compare: numeric((asked, stated) => asked > stated), negated: false }],
  ['NumericGreaterThanEquals', { compare: numeric((asked, stated) => asked >= stated), negated: false }],
])

/** All keys of all operators must hold; of several values stated for one key, one must. */
export function compileCondition(block: Record<string, Record<string, string[]>>): Condition {
  const tests = Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, stated]) => compileTest(operator, key.toLowerCase(), stated)),
  )
  return context => all(tests.map(test => test(context)))
}

function all(verdicts: Verdict[]): Verdict {
  if (verdicts.includes('no')) return 'no'
  return verdicts.includes('unknown') ? 'unknown' : 'yes'
}

function compileTest(name: string, key: string, stated: string[]): Condition {
  if (!knownKeys.has(key)) return () => 'unknown'
  if (name === 'Null')
    return context => (stated.some(value => (value.toLowerCase() === 'true') === !context[key]) ? 'yes' : 'no')
  const ifExists = name.endsWith('IfExists')
  const operator = operators.get(ifExists ? name.slice(0, -'IfExists'.length) : name)
  if (!operator) return () => 'unknown'
  return context => {
    const asked = context[key]
    if (asked === undefined) return ifExists || operator.negated ? 'yes' : 'no'
    // Several values need a set operator (ForAnyValue, ForAllValues), and those are not known here.
    const [only, ...more] = asked
    if (only === undefined || more.length > 0) return 'unknown'
    const some = stated.some(value => operator.compare(only, value))
    return some === operator.negated ? 'no' : 'yes'
  }
}
