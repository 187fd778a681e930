import { render } from 'preact'
import type { LinkInfoResponse } from '../../../shared/api/restore.ts'
import type { Problem } from '../../../shared/problem.ts'
import './style.css'

async function readLink(secret: string): Promise<string> {
  const answer = await fetch('/v1/link', { headers: { authorization: `Bearer ${secret}` } })
  if (!answer.ok) return ((await answer.json()) as Problem).title
  return ((await answer.json()) as LinkInfoResponse).sourceName
}

const text = await readLink(location.hash.slice(1)).catch(() => 'The receiver cannot be reached')
render(<h1>{text}</h1>, document.getElementById('app')!)
