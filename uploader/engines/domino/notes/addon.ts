import type * as Koffi from 'koffi'

/**
 * The foreign function interface. It is native code, which the single file unpacks when this is called (scripts/package/koffi-addon.ts): into `FAILSAFE_ADDONS`,
 * or else a folder for temporary files. Only the helper process calls it.
 */
export async function loadKoffi(): Promise<typeof Koffi> {
  const module = await import('koffi')
  return ((module as { default?: unknown }).default ?? module) as typeof Koffi
}
