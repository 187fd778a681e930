import type { Choice, Receiver } from '../receiver/receiver.ts'
import { fileName } from '../words/file-name.ts'
import { restoreScript } from './script.ts'
import { type BundledSnapshot, bundledSnapshot } from './snapshots.ts'
import { tarOf } from './tar.ts'

/** A tar archive with `restore.sh`, the signed manifests and a text that says what to do with them. */
export interface Bundle {
  name: string
  content: Uint8Array<ArrayBuffer>
  /** When the receiver stops signing addresses for it. */
  expiresAt: string
}

/**
 * Consumes a use of the link; asked again with the same key it does not.
 * @param about `readme`: the text that goes with it; `origin` of the receiver
 */
export async function makeBundle(
  receiver: Receiver,
  request: { source: string; choice: Choice; idempotencyKey: string; passcode: boolean },
  about: { sourceName: string; origin: string; readme: string; now: number },
): Promise<Bundle> {
  const first = await receiver.restoreManifest(request.source, request.choice, request.idempotencyKey)
  const steps = [...first.snapshots]
  for (let { next } = first; next !== null; ) {
    const page = await receiver.restoreManifestPage(first.id, next)
    steps.push(...page.snapshots)
    next = page.next
  }
  const snapshots = steps.map(({ manifest }) => bundledSnapshot(manifest))
  return {
    name: `restore-${fileName(about.sourceName)}.tar`,
    content: archiveOf(snapshots, first.id, { ...about, passcode: request.passcode }),
    expiresAt: first.expiresAt,
  }
}

function archiveOf(
  snapshots: BundledSnapshot[],
  manifest: string,
  about: { origin: string; readme: string; now: number; passcode: boolean },
) {
  const signed = snapshots.map(({ kind, signed }, i) => ({
    name: `restore/manifests/${String(i + 1).padStart(4, '0')}-${kind}.jws`,
    content: signed,
    mode: 0o644,
  }))
  const script = {
    name: 'restore/restore.sh',
    content: restoreScript(about.origin, manifest, snapshots, about.passcode),
    mode: 0o755,
  }
  return tarOf(
    [script, { name: 'restore/README.txt', content: about.readme, mode: 0o644 }, ...signed],
    Math.floor(about.now / 1000),
  )
}
