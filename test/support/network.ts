import { Network } from '../../uploader/network/network.ts'

/** Straight to where a test's server listens, whatever the environment says. */
export const direct = new Network(() => undefined)
