import { z } from 'zod'

export const Unit = z.string().min(1).max(512)

/** `unit=`, once or several times. */
export const Units = z.union([Unit.transform(unit => [unit]), z.array(Unit).max(100)]).optional()
