import type { Choice } from '../receiver/receiver.ts'

export type Platform = 'unix' | 'windows'

/**
 * The one-line command for this very restore. An address of a link has neither quotes nor `$`, so it can stand in quotes in every shell:
 * single ones on Linux, double ones on Windows, where cmd.exe knows no others.
 * @param link whole address, with its secret
 */
export function restoreCommand(platform: Platform, link: string, { at, snapshot }: Choice): string {
  const windows = platform === 'windows'
  const quote = windows ? '"' : "'"
  const state = snapshot !== undefined ? ` --snapshot ${snapshot}` : at !== undefined ? ` --at ${at}` : ''
  const program = windows ? 'failsafe.exe' : 'failsafe'
  const directory = windows ? '.\\restored' : './restored'
  return `${program} restore ${quote}${link}${quote}${state} --to ${directory} --identity recovery-kit.txt`
}
