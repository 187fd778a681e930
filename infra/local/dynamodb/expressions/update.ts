import type { AttributeValue } from '../values/attribute.ts'
import type { Path } from './path.ts'

export type UpdateValue =
  | { type: 'path'; path: Path }
  | { type: 'value'; value: AttributeValue }
  | { type: 'if_not_exists'; path: Path; otherwise: UpdateValue }
  | { type: 'list_append' | '+' | '-'; left: UpdateValue; right: UpdateValue }

export type Action =
  | { type: 'SET'; path: Path; value: UpdateValue }
  | { type: 'REMOVE'; path: Path }
  | { type: 'ADD' | 'DELETE'; path: Path; value: AttributeValue }

export type Update = Action[]
