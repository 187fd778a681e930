/** One run in a process of its own, to be killed. The receiver is the parent's: each call goes over and back. */

import { flushCompileCache } from 'node:module'
import { ProblemError } from '../../shared/problem.ts'
import { runBackup } from '../../uploader/backup/run-backup.ts'
import type { Receiver } from '../../uploader/receiver/receiver.ts'
import type { AgentState } from '../../uploader/state/agent.ts'
import { newPutPart } from '../../uploader/transfer/put-part.ts'
import { direct } from '../support/network.ts'
import { contentsOf } from './contents.ts'
import { FakeEngine } from './engine.ts'
import { StandaloneEngine } from './standalone-engine.ts'

export interface Order {
  agent: AgentState
  dir: string
  maxBytes: number
  contents: 'of a moment' | 'standalone'
  /** Stands in every content and every name. */
  marker: string
  /** Where to die by itself (uploader/fault-point.ts). */
  fault?: string
}

Object.assign(globalThis, { FAULT_POINTS: true })

const waiting = new Map<number, PromiseWithResolvers<unknown>>()
let next = 0
const receiver = new Proxy({} as Receiver, {
  get: (_target, method) => {
    return (...args: unknown[]) => {
      const answer = Promise.withResolvers<unknown>()
      waiting.set(++next, answer)
      process.send!({ id: next, method, args })
      return answer.promise
    }
  },
})

process.on('message', async (message: { order: Order } | { id: number; value?: unknown; problem?: never }) => {
  if ('order' in message) return work(message.order)
  const answer = waiting.get(message.id)!
  if (message.problem) answer.reject(ProblemError.fromDocument(message.problem))
  else answer.resolve(message.value)
})
// It is killed, and would leave nothing for the next one.
flushCompileCache()
process.send!('ready')

async function work({ agent, dir, maxBytes, contents, marker, fault }: Order): Promise<void> {
  process.env.FAILSAFE_FAULT = fault
  await runBackup({
    source: 'shop',
    engine: contents === 'standalone' ? new StandaloneEngine(marker) : new FakeEngine(contentsOf(marker)),
    settings: {},
    mode: 'full',
    receiver,
    agent,
    staging: { dir, maxBytes },
    upload: { concurrency: 4 },
    put: newPutPart(direct.connections(4)),
    readers: 2,
    uploader: 'failsafe test',
    reporter: { plan() {}, step() {}, progress() {}, warning() {}, summary() {}, error() {} },
    signal: new AbortController().signal,
  })
  process.disconnect()
}
