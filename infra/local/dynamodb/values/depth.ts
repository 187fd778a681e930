import { invalid } from '../protocol/error.ts'
import type { Attributes, AttributeValue } from './attribute.ts'

const maxDepth = 32

/** @throws ValidationException when lists and maps lie in each other more than 32 deep */
export function assertDepth(item: Attributes): void {
  for (const value of Object.values(item)) descend(value, 0)
}

export function assertDepthAllowed(depth: number): void {
  if (depth > maxDepth)
    throw invalid(
      'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit',
    )
}

function descend(value: AttributeValue, depth: number): void {
  const inner = 'L' in value ? value.L : 'M' in value ? Object.values(value.M) : undefined
  if (!inner) return
  assertDepthAllowed(depth + 1)
  for (const each of inner) descend(each, depth + 1)
}
