import type { Manifest } from '../../../../shared/manifest.ts'

/** What the script needs of one snapshot, in the order they are applied. */
export interface BundledSnapshot {
  snapshot: string
  kind: Manifest['kind']
  packs: { n: number; size: number }[]
  index: Manifest['index']
  /** Of its artefacts, before compression: bytes. */
  sourceBytes: number
  /** The signed manifest, as committed. */
  signed: string
}

/** What a signed manifest says. The signature is not looked at: without the recovery kit there is no key that vouches for it. */
export function bundledSnapshot(signed: string): BundledSnapshot {
  const [, payload = ''] = signed.split('.')
  const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), char => char.charCodeAt(0))
  const { snapshot, kind, packs, index, totals } = JSON.parse(new TextDecoder().decode(bytes)) as Manifest
  return {
    snapshot,
    kind,
    packs: packs.map(({ n, size }) => ({ n, size })),
    index,
    sourceBytes: totals.sourceBytes,
    signed,
  }
}
