import { Failure, messageOf } from '../../shared/failure.ts'

/** What an error of the staging directory means for the operator. A Failure is passed through. */
export function stagingFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure('staging-full', `The staging directory ${path} is full`, {
        why: code === 'EDQUOT' ? 'the disk quota is used up' : 'no space is left on its file system',
        fix: 'Free some space, set staging.dir to a larger disk, or lower staging.maxBytes below what is free',
        retriable: true,
        cause: error,
      })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
      return new Failure('staging-unwritable', `The staging directory ${path} cannot be written`, {
        why: messageOf(error),
        fix: 'Give this user the right to write there, or set staging.dir to another directory',
        cause: error,
      })
    case 'ENOENT':
    case 'ESTALE':
      return new Failure('staging-vanished', `The staging directory ${path} is gone`, {
        why: 'it was removed or unmounted while the backup ran',
        fix: 'See that nothing else cleans it up, and run the backup again',
        retriable: true,
        cause: error,
      })
    default:
      return new Failure('staging-broken', `The staging directory ${path} does not work`, {
        why: messageOf(error),
        fix: 'Check the disk, or set staging.dir to another one',
        retriable: true,
        cause: error,
      })
  }
}
