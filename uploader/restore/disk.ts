import { statfs } from 'node:fs/promises'
import { Failure, messageOf } from '../../shared/failure.ts'
import { formatBytes } from '../output/format.ts'

/** @throws Failure `restore-no-space` before anything is downloaded, where it would not fit anyway */
export async function requireSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  const free = bavail * bsize
  if (bytes > free)
    throw new Failure('restore-no-space', `${directory} is too small for this restore`, {
      why: `it needs ${formatBytes(bytes)} and has ${formatBytes(free)} free`,
      fix: 'Choose a larger volume with --to, or fewer files with --only',
    })
}

const reasons: Record<string, { why: string; fix: string }> = {
  ENOSPC: { why: 'the volume is full', fix: 'Choose a larger volume with --to, or fewer files with --only' },
  EDQUOT: { why: 'the disk quota is used up', fix: 'Choose another volume with --to, or raise the quota' },
  EROFS: { why: 'the volume is read only', fix: 'Choose another directory with --to' },
  EACCES: { why: 'this account may not write there', fix: 'Choose another directory with --to, or another account' },
  EPERM: { why: 'this account may not write there', fix: 'Choose another directory with --to, or another account' },
  ENOENT: { why: 'nothing can be made there', fix: 'Choose another directory with --to' },
  EEXIST: { why: 'a part of it is a file', fix: 'Choose another directory with --to' },
  ENOTDIR: { why: 'a part of it is a file', fix: 'Choose another directory with --to' },
  ENAMETOOLONG: { why: 'the path is too long', fix: 'Choose a directory with a shorter path with --to' },
}

/** An error of the file system while files are laid out as a Failure; everything else as it is. */
export function asDiskFailure(directory: string, error: unknown): unknown {
  if (!isOfSystem(error)) return error
  const { why, fix } = reasons[error.code] ?? { why: messageOf(error), fix: 'Choose another directory with --to' }
  return new Failure('restore-unwritable', `${directory} cannot be written`, { why, fix, cause: error })
}

/** An error of the system while laid-out files are applied, which may be of any disk, as a Failure; everything else as it is. */
export function asApplyFailure(runbook: string, error: unknown): unknown {
  if (!isOfSystem(error)) return error
  return new Failure('restore-not-applied', 'The files are laid out, and could not be applied', {
    why: messageOf(error),
    fix: `Remove the cause, and go on as ${runbook} says, or restore again into an empty directory`,
    cause: error,
  })
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  const { code, syscall } = error as NodeJS.ErrnoException
  return !(error instanceof Failure) && code !== undefined && syscall !== undefined
}
