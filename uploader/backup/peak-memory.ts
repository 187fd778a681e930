import { readFileSync } from 'node:fs'

/**
 * The most memory this process has held so far (resident, in bytes). `getrusage` is not asked where /proc answers: on Linux it keeps the
 * peak of the program that started this one.
 */
export function peakMemory(): number {
  const peak = process.platform === 'linux' && /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return (peak ? Number(peak[1]) : process.resourceUsage().maxRSS) * 1024
}
