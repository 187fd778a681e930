import { PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb'
import { ulid } from 'ulid'
import { beforeAll, describe, expect, it } from 'vitest'
import { fails, type TestTables } from './dynamodb-endpoint.ts'

/** Conditions and updates, one by one. */
export function expressions(given: TestTables): void {
  type Values = Record<string, unknown>

  /** Only what an expression mentions: AWS refuses the rest. */
  function mentioned(expressions: string, names: Record<string, string>, values: Values) {
    const used = <T>(all: Record<string, T>) =>
      Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(expressions))
    const usedNames = used(names)
    const usedValues = used(values)
    return {
      ...(usedNames.length > 0 && { ExpressionAttributeNames: Object.fromEntries(usedNames) }),
      ...(usedValues.length > 0 && { ExpressionAttributeValues: Object.fromEntries(usedValues) }),
    }
  }

  describe('conditions', () => {
    const pk = ulid()
    const item = {
      pk,
      n: 5,
      s: 'hello',
      b: Uint8Array.of(1, 2, 3),
      yes: true,
      no: false,
      nil: null,
      ss: new Set(['a', 'b']),
      ns: new Set([1, 2]),
      l: [1, 'two', { x: 'y' }],
      m: { deep: { er: [10, 20] }, 'with.dot': 1 },
    }
    const names = { '#s': 's', '#dot': 'with.dot', '#no': 'no' }
    const values: Values = {
      ':five': 5,
      ':six': 6,
      ':four': 4,
      ':hello': 'hello',
      ':he': 'he',
      ':ell': 'ell',
      ':x': 'x',
      ':yes': true,
      ':a': 'a',
      ':one': 1,
      ':two': 'two',
      ':map': { x: 'y' },
      ':ab': new Set(['b', 'a']),
      ':bytes': Uint8Array.of(1, 2),
      ':N': 'N',
      ':S': 'S',
      ':SS': 'SS',
      ':NULL': 'NULL',
      ':M': 'M',
      ':zero': 0,
      ':three': 3,
      ':twenty': 20,
      ':list': [1, 'two', { x: 'y' }],
    }

    beforeAll(() => given.endpoint.documents.send(new PutCommand({ TableName: given.plain, Item: item })))

    const holds = async (condition: string) => {
      try {
        await given.endpoint.documents.send(
          new PutCommand({
            TableName: given.plain,
            Item: item,
            ConditionExpression: condition,
            ...mentioned(condition, names, values),
          }),
        )
        return true
      } catch (error) {
        if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false
        throw error
      }
    }

    it.each([
      'n = :five',
      'n <> :six',
      'n < :six AND n <= :five AND n > :four AND n >= :five',
      ':four < n',
      'n BETWEEN :five AND :six',
      '#s BETWEEN :he AND :hello',
      'n IN (:four, :five)',
      'NOT n = :six',
      'NOT (n = :six OR n = :four)',
      'n = :six OR n = :five AND #s = :hello',
      'n = :five OR n = :six AND #s = :x',
      '(n = :five OR n = :six) AND #s = :hello',
      '(n) = :five',
      'attribute_exists(m.deep.er[1])',
      'attribute_not_exists(m.deep.er[2])',
      'attribute_not_exists(#s.deep)',
      'attribute_type(n, :N) AND attribute_type(ss, :SS) AND attribute_type(nil, :NULL) AND attribute_type(m, :M)',
      'begins_with(#s, :he)',
      'begins_with(b, :bytes)',
      'contains(#s, :ell)',
      'contains(ss, :a)',
      'contains(ns, :one)',
      'contains(l, :two)',
      'contains(l, :map)',
      'contains(b, :bytes)',
      'size(#s) = :five',
      'size(b) = :three AND size(l) = :three',
      'size(m) < :three AND size(ss) > :one',
      'm.deep.er[1] = :twenty',
      'm.#dot = :one',
      'ss = :ab',
      'l = :list',
      'yes = :yes',
      'yes <> #no',
      'n < m.deep.er[0]',
      'elsewhere <> :five',
      '#s <> :five',
      'NOT elsewhere = :five',
      'NOT n < :hello',
      'n=:five and NOT(#s=:x)or n IN(:six)',
    ])('hold: %s', async condition => {
      expect(await holds(condition)).toBe(true)
    })

    it.each([
      'n = :six',
      'n <> :five',
      'n = :hello',
      'n < :hello',
      'elsewhere = :five',
      'elsewhere < :five',
      'size(n) = :one',
      'size(elsewhere) = :zero',
      'contains(ss, :x)',
      'contains(#s, :one)',
      'contains(ns, :a)',
      'begins_with(n, :he)',
      'attribute_type(n, :S)',
      'elsewhere IN (:five)',
      'm.deep.er[7] = :twenty',
      'n BETWEEN :five AND elsewhere',
    ])('do not hold: %s', async condition => {
      expect(await holds(condition)).toBe(false)
    })

    it.each([
      ['', /can not be empty/],
      ['n =', /Syntax error/],
      ['n = :five extra', /Syntax error/],
      ['n == :five', /Syntax error/],
      ['n = :five AND', /Syntax error/],
      ['(n = :five', /Syntax error/],
      ['n = :five ! n', /Syntax error/],
      ['_n = :five', /Syntax error/],
      ['m.[1] = :five', /Syntax error/],
      ['n', /Syntax error/],
      ['((n = :five))', /redundant parentheses/],
      ['count = :five', /reserved keyword/],
      ['n = :nowhere', /not defined/],
      ['#nowhere = :five', /not defined/],
      ['begins_with(n)', /number of operands/],
      ['begins_with(n, :five)', /operand type/],
      ['size(n)', /not allowed to be used this way|Syntax error/],
      ['size(:five) = :five', /operand type/],
      ['attribute_exists(:five)', /document path/],
      ['attribute_exists(n) = :yes', /not allowed to be used this way|Syntax error/],
      ['attribute_type(n, :five)', /operand type/],
      ['attribute_type(n, :hello)', /[Ii]nvalid attribute type/],
      ['wrong(n, :five)', /[Ii]nvalid function name/],
      ['n = n', /distinct/],
      ['n < :yes', /operand type/],
      ['n BETWEEN :six AND :five', /upper bound/],
      ['n BETWEEN :six AND :hello', /same data type/],
    ])('are refused: %s', async (condition, message) => {
      await expect(holds(condition)).rejects.toEqual(fails('ValidationException', message))
    })

    it('must use every name and value', async () => {
      const put = (more: object) =>
        given.endpoint.documents.send(new PutCommand({ TableName: given.plain, Item: item, ...more }))
      await expect(
        put({ ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': 1, ':more': 1 } }),
      ).rejects.toEqual(fails('ValidationException', /unused in expressions: keys: \{:more\}/))
      await expect(
        put({ ConditionExpression: 'attribute_exists(n)', ExpressionAttributeNames: { '#more': 'x' } }),
      ).rejects.toEqual(fails('ValidationException', /unused in expressions: keys: \{#more\}/))
      await expect(put({ ExpressionAttributeNames: { '#more': 'x' } })).rejects.toEqual(
        fails('ValidationException', /only be specified when using expressions/),
      )
    })
  })

  describe('updates', () => {
    const names = { '#dot': 'a.b' }
    const before = { n: 5, s: 'x', l: [0, 1, 2, 3], m: { a: 1, low: { b: [1] } }, ss: new Set(['a', 'b']) }
    const values: Values = {
      ':one': 1,
      ':half': 0.5,
      ':x': 'x',
      ':list': ['new'],
      ':empty': [],
      ':set': new Set(['b', 'c']),
      ':all': new Set(['a', 'b']),
      ':numbers': new Set([1]),
      ':map': { c: 3 },
      ':false': false,
    }

    const update = async (expression: string, item: object | null = before, more: Partial<UpdateCommandInput> = {}) => {
      const key = { pk: ulid() }
      if (item)
        await given.endpoint.documents.send(new PutCommand({ TableName: given.plain, Item: { ...key, ...item } }))
      const { Attributes } = await given.endpoint.documents.send(
        new UpdateCommand({
          TableName: given.plain,
          Key: key,
          UpdateExpression: expression,
          ReturnValues: 'ALL_NEW',
          ...mentioned(expression, names, values),
          ...more,
        }),
      )
      const { pk: _pk, ...rest } = Attributes ?? {}
      return rest
    }

    it.each<[string, object]>([
      ['SET n = :x', { n: 'x' }],
      ['SET n = n + :one', { n: 6 }],
      ['SET n = n - :half', { n: 4.5 }],
      ['SET n = (n + :one)', { n: 6 }],
      ['SET fresh = if_not_exists(fresh, :one)', { fresh: 1 }],
      ['SET n = if_not_exists(n, :one)', {}],
      ['SET fresh = if_not_exists(fresh, :one) + :one', { fresh: 2 }],
      ['SET l = list_append(l, :list)', { l: [0, 1, 2, 3, 'new'] }],
      ['SET l = list_append(:list, l)', { l: ['new', 0, 1, 2, 3] }],
      ['SET fresh = list_append(if_not_exists(fresh, :empty), :list)', { fresh: ['new'] }],
      ['SET l[1] = :x', { l: [0, 'x', 2, 3] }],
      ['SET l[9] = :x, l[7] = :one', { l: [0, 1, 2, 3, 1, 'x'] }],
      ['SET m.a = :x, m.fresh = :map', { m: { a: 'x', fresh: { c: 3 }, low: { b: [1] } } }],
      ['SET m.low.b[0] = :map', { m: { a: 1, low: { b: [{ c: 3 }] } } }],
      ['SET #dot = :one', { 'a.b': 1 }],
      ['SET n = s, s = n', { n: 'x', s: 5 }],
      ['REMOVE n, nowhere', { n: undefined }],
      ['REMOVE l[0], l[2]', { l: [1, 3] }],
      ['REMOVE l[2], l[0], l[9]', { l: [1, 3] }],
      ['REMOVE m.low.b', { m: { a: 1, low: {} } }],
      ['REMOVE l[0] SET l[3] = :x', { l: [1, 2, 'x'] }],
      ['REMOVE l[4] SET l[9] = :x', { l: [0, 1, 2, 3, 'x'] }],
      ['ADD n :one, fresh :one', { n: 6, fresh: 1 }],
      ['ADD ss :set', { ss: new Set(['a', 'b', 'c']) }],
      ['ADD fresh :set', { fresh: new Set(['b', 'c']) }],
      ['DELETE ss :set', { ss: new Set(['a']) }],
      ['DELETE ss :all', { ss: undefined }],
      ['DELETE fresh :set', {}],
      ['set n = :x remove s add fresh :one delete ss :set', { n: 'x', s: undefined, fresh: 1, ss: new Set(['a']) }],
    ])('%s', async (expression, changes) => {
      const expected = Object.entries({ ...before, ...changes }).filter(([, value]) => value !== undefined)
      expect(await update(expression)).toEqual(Object.fromEntries(expected))
    })

    it('make an item that is not there, even without an expression', async () => {
      expect(await update('SET n = :one', null)).toEqual({ n: 1 })
      const key = { pk: ulid() }
      const { Attributes } = await given.endpoint.documents.send(
        new UpdateCommand({ TableName: given.plain, Key: key, ReturnValues: 'ALL_NEW' }),
      )
      expect(Attributes).toEqual(key)
    })

    it.each<[UpdateCommandInput['ReturnValues'], object]>([
      ['NONE', {}],
      ['UPDATED_OLD', { n: 5, m: { a: 1 } }],
      ['UPDATED_NEW', { n: 6, m: { a: 1.5 }, fresh: 'x' }],
      ['ALL_OLD', before],
    ])('return %s', async (ReturnValues, expected) => {
      const changes = 'SET n = n + :one, m.a = m.a + :half, fresh = :x'
      expect(await update(changes, before, { ReturnValues })).toEqual(expected)
    })

    it.each([
      ['SET', /Syntax error/],
      ['n = :one', /Syntax error/],
      ['SET n = :one +', /Syntax error/],
      ['SET n = :one + :one + :one', /Syntax error/],
      ['SET n = :one SET s = :x', /can only be used once/],
      ['SET n = :one, n = :half', /overlap/],
      ['SET m = :map, m.a = :one', /overlap/],
      ['SET m.a = :one, m[0] = :one', /conflict/],
      ['SET pk = :x', /part of the key/],
      ['REMOVE pk', /part of the key/],
      ['SET count = :one', /reserved keyword/],
      ['SET n = fresh', /does not exist in the item/],
      ['SET n = s + :one', /incorrect data type/],
      ['SET n = :x + :one', /operand type/],
      ['SET l = list_append(l, :x)', /operand type/],
      ['SET l = list_append(n, l)', /incorrect data type/],
      ['SET n = if_not_exists(:one, :one)', /document path/],
      ['SET n = size(l)', /[Ii]nvalid function name|not allowed/],
      ['SET fresh.a = :one', /invalid for update/],
      ['SET l.a = :one', /invalid for update/],
      ['SET m[0] = :one', /invalid for update/],
      ['REMOVE fresh.a', /invalid for update/],
      ['ADD s :one', /incorrect data type/],
      ['ADD n :x', /operand type/],
      ['ADD ss :numbers', /incorrect data type/],
      ['DELETE n :set', /incorrect data type/],
      ['DELETE ss :one', /operand type/],
    ])('are refused: %s', async (expression, message) => {
      await expect(update(expression)).rejects.toEqual(fails('ValidationException', message))
    })

    it('change nothing when the condition fails', async () => {
      const expression = 'SET n = :one'
      const condition = 'attribute_exists(nowhere)'
      await expect(update(expression, before, { ConditionExpression: condition })).rejects.toEqual(
        fails('ConditionalCheckFailedException'),
      )
    })
  })
}
