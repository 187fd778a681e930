import { expect, test } from 'vitest'
import { Failure } from '../../shared/failure.ts'
import { newUlid } from '../../shared/ids.ts'
import { stagingFailure } from '../../uploader/staging/failures.ts'
import { holdSource } from '../../uploader/staging/lock.ts'

test.each([
  ['ENOSPC', 'staging-full'],
  ['EDQUOT', 'staging-full'],
  ['EACCES', 'staging-unwritable'],
  ['EROFS', 'staging-unwritable'],
  ['ENOENT', 'staging-vanished'],
  ['EIO', 'staging-broken'],
])('%s of the disk becomes %s with a path, a reason and a fix', (code, expected) => {
  const failure = stagingFailure(Object.assign(new Error(code), { code }), '/staging')
  expect(failure).toMatchObject({ code: expected, why: expect.any(String), fix: expect.any(String) })
  expect(failure.line).toContain('/staging')
})

test('a failure that is one already keeps its own words', () => {
  const failure = new Failure('other', 'Something else')
  expect(stagingFailure(failure, '/staging')).toBe(failure)
})

test('a source is held once, free after release, and others are not concerned', async () => {
  const [a, b] = [newUlid(), newUlid()]
  const first = await holdSource(a, 'shop')
  await expect(holdSource(a, 'shop')).rejects.toMatchObject({ code: 'source-held', message: /shop/ })
  await (await holdSource(b, 'other')).release()
  await first.release()
  await (await holdSource(a, 'shop')).release()
})
