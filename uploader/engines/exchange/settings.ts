import { z } from 'zod'
import { Duration } from '../../config/quantities.ts'

const Names = z.array(z.string().min(1)).min(1)

/** `S:` or `\\server\share`: Windows Server Backup takes no folder of a volume. */
const BackupTarget = z
  .string()
  .regex(
    /^([A-Za-z]:\\?|\\\\[^\\/:*?"<>|\s]+\\[^\\/:*?"<>|\s]+\\?)$/,
    'write a volume such as S: or a share such as \\\\server\\share',
  )
  .transform(target => target.replace(/\\$/, ''))

const longestHold = 7 * 86_400

export const Settings = z
  .strictObject({
    /** Where Windows Server Backup writes the System State, from where it is sealed and removed; `false` leaves it out. */
    systemState: z.union([z.literal(false), z.strictObject({ target: BackupTarget })]),
    /** Only these databases, or all but those. */
    include: Names.optional(),
    exclude: Names.optional(),
    /** Which copies are backed up on this member of a DAG: the mounted ones, healthy passive ones, or both. */
    copies: z.enum(['active', 'passive', 'all']).default('active'),
    /** So long the backup stays open for the provider to commit it, once all of it is staged; then Exchange truncates with staging as the only copy. */
    holdForCommit: Duration.refine(seconds => seconds <= longestHold, 'give seven days (7d) at most').default(
      12 * 3600,
    ),
    /** Where neither remote PowerShell nor the management shell answers, load the snap-in: Microsoft does not support it. */
    snapIn: z.boolean().default(false),
  })
  .refine(({ include, exclude }) => include === undefined || exclude === undefined, {
    path: ['exclude'],
    message: 'give either include or exclude',
  })

export type Settings = z.output<typeof Settings>
