import { useCallback, useEffect, useState } from 'preact/hooks'
import { isAborted } from '../../receiver/call.ts'
import type { Agent, Link } from '../receiver/answers.ts'
import type { ConsoleReceiver } from '../receiver/receiver.ts'
import { type Trouble, troubleOf } from './trouble.ts'
import { useConsole } from './use-console.ts'

async function readLinks(receiver: ConsoleReceiver, tenant: string, signal: AbortSignal): Promise<Link[]> {
  const links: Link[] = []
  for await (const page of receiver.pages('links', { tenant }, signal)) links.push(...page.links)
  return links
}

async function readAgents(receiver: ConsoleReceiver, tenant: string, signal: AbortSignal): Promise<Agent[]> {
  const agents: Agent[] = []
  for await (const page of receiver.pages('agents', { tenant }, signal)) agents.push(...page.agents)
  return agents
}

/** A customer's restore links that have not expired, once all of them are read. */
export function useLinks(tenant: string) {
  return useList(tenant, readLinks)
}

/** A customer's hosts, revoked ones too, once all of them are read. */
export function useAgents(tenant: string) {
  return useList(tenant, readAgents)
}

/** @returns `again` reads it anew; what is known stays until then */
function useList<T>(
  tenant: string,
  read: (receiver: ConsoleReceiver, tenant: string, signal: AbortSignal) => Promise<T[]>,
) {
  const { receiver, onEnded } = useConsole()
  const [list, setList] = useState<T[]>()
  const [trouble, setTrouble] = useState<Trouble>()
  const [attempt, setAttempt] = useState(0)
  useEffect(() => {
    const controller = new AbortController()
    setTrouble(undefined)
    read(receiver, tenant, controller.signal).then(setList, error => {
      if (isAborted(error)) return
      const trouble = troubleOf(error)
      if (trouble.kind === 'ended') onEnded()
      else setTrouble(trouble)
    })
    return () => controller.abort()
  }, [receiver, onEnded, tenant, read, attempt])
  const again = useCallback(() => setAttempt(count => count + 1), [])
  return { list, trouble, again }
}
