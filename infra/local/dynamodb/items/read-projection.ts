import type { Path } from '../expressions/path.ts'
import { readPlaceholders } from '../expressions/placeholders.ts'
import { parseProjection, project } from '../expressions/projection.ts'
import type { Attributes } from '../values/attribute.ts'

export interface Projected {
  ProjectionExpression?: string | undefined
  ExpressionAttributeNames?: Record<string, string> | undefined
}

/** @returns undefined when the whole item is wanted. @throws ValidationException */
export function readProjection(request: Projected): Path[] | undefined {
  const { ProjectionExpression } = request
  const placeholders = readPlaceholders(request, { ProjectionExpression })
  const paths = ProjectionExpression === undefined ? undefined : parseProjection(ProjectionExpression, placeholders)
  placeholders.assertAllUsed()
  return paths
}

export function shown(item: Attributes, projection: Path[] | undefined): Attributes {
  return projection ? project(item, projection) : item
}
