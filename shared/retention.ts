import { z } from 'zod'

/**
 * How long snapshots are kept, by the receiver's clock alone. Everything younger than `minimumDays` is kept and locked. Beyond it, within each
 * period of `keep` the first full and the last are kept. There is no rule by count: fakes would push the real ones out.
 */
export const Retention = z.object({
  minimumDays: z.number().int().min(1).max(36_500),
  /** How far back each rule reaches; 0 is no such rule. Days, ISO weeks, months and years are UTC's. */
  keep: z.object({
    dailyDays: z.number().int().min(0).max(36_500),
    weeklyWeeks: z.number().int().min(0).max(5200),
    monthlyMonths: z.number().int().min(0).max(1200),
    yearlyYears: z.number().int().min(0).max(100),
  }),
})
export type Retention = z.infer<typeof Retention>

export const noKeepRules: Retention['keep'] = { dailyDays: 0, weeklyWeeks: 0, monthlyMonths: 0, yearlyYears: 0 }
