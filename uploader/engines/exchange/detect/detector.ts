import { stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { Detected, Detector } from '../../detector.ts'
import { eseutil } from '../restore/eseutil.ts'

/** The Exchange of this machine: there is one at most. */
export const exchangeDetector: Detector = {
  engine: 'exchange',
  what: 'Exchange on this machine',

  async detect() {
    return (await isInstalled()) ? [detected()] : []
  },

  async detectAt(address) {
    return address.toLowerCase() === 'exchange' && (await isInstalled()) ? detected() : undefined
  },

  isConfigured: async () => true,
}

async function isInstalled(): Promise<boolean> {
  try {
    await stat(eseutil())
    return true
  } catch {
    return false // a machine without Exchange is nothing to tell of
  }
}

function detected(): Detected {
  return {
    engine: 'exchange',
    what: `Exchange at ${process.env.ExchangeInstallPath}`,
    name: 'exchange',
    connection: {},
    settings: { systemState: false },
    withoutAccount: {
      logs: false,
      // As SYSTEM, failsafe is the computer to Exchange.
      statements: [`Add-RoleGroupMember "View-Only Organization Management" -Member ${hostname().toUpperCase()}$`],
    },
  }
}
