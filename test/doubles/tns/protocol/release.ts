/** A release of Oracle Database, and which form of the protocol its servers speak [reference 4.2, tag S]. */
export interface Release {
  /** `19.0.0.0.0`, as V$INSTANCE shows it. */
  version: string
  banner: string
  /** Of the network layer; the Thin driver takes 315 and above. */
  tnsVersion: number
  /** Of the presentation layer: newer ones add fields to messages. */
  fieldVersion: number
}

/** From which version of the presentation layer on messages have more fields. */
export const fieldVersion = {
  '12.2': 8,
  '12.2.0.2': 9,
  '20.1': 14,
  '23.1': 17,
  '23.1.1': 18,
  '23.1.3': 20,
  '23.4': 24,
} as const

/** Whether a client may log in with its first message, and every answer ends with a mark. */
export function isModern({ tnsVersion }: Release): boolean {
  return tnsVersion >= 319
}

export const releases = {
  /** Too old for the Thin driver. */
  '11.2': {
    version: '11.2.0.4.0',
    banner: 'Oracle Database 11g Enterprise Edition Release 11.2.0.4.0 - 64bit Production',
    tnsVersion: 314,
    fieldVersion: 6,
  },
  '12.1': {
    version: '12.1.0.2.0',
    banner: 'Oracle Database 12c Enterprise Edition Release 12.1.0.2.0 - 64bit Production',
    tnsVersion: 315,
    fieldVersion: 7,
  },
  '12.2': {
    version: '12.2.0.1.0',
    banner: 'Oracle Database 12c Enterprise Edition Release 12.2.0.1.0 - 64bit Production',
    tnsVersion: 315,
    fieldVersion: 8,
  },
  '19': {
    version: '19.0.0.0.0',
    banner: 'Oracle Database 19c Enterprise Edition Release 19.0.0.0.0 - Production',
    tnsVersion: 318,
    fieldVersion: 12,
  },
  '21': {
    version: '21.0.0.0.0',
    banner: 'Oracle Database 21c Enterprise Edition Release 21.0.0.0.0 - Production',
    tnsVersion: 318,
    fieldVersion: 16,
  },
  '23': {
    version: '23.6.0.24.10',
    banner: 'Oracle Database 23ai Enterprise Edition Release 23.0.0.0.0 - Production',
    tnsVersion: 319,
    fieldVersion: 24,
  },
} satisfies Record<string, Release>

export type ReleaseName = keyof typeof releases
