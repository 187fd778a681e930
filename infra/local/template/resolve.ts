/** What a resource is called once it exists: what `Ref` gives, and what `Fn::GetAtt` may ask for. */
export interface Identity {
  ref: string
  attributes: Record<string, string>
}

export interface Scope {
  identities: ReadonlyMap<string, Identity>
  /** `AWS::Region` and its like. */
  pseudo: Record<string, string>
}

/**
 * Replaces the intrinsic functions in a value of the template. Everything that it does not know is an error with the function's name:
 * a value that is silently wrong would run here and not in AWS, or the other way round.
 */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map(item => resolve(item, scope))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [name, argument] = entries[0] ?? ['', undefined]
  if (name === 'Ref' || name.startsWith('Fn::')) {
    if (entries.length !== 1) throw new Error(`${name} must stand alone, beside it is ${entries[1]![0]}`)
    return intrinsic(name, argument, scope)
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item, scope)]))
}

function intrinsic(name: string, argument: unknown, scope: Scope): unknown {
  switch (name) {
    case 'Ref':
      return reference(text(argument, name), scope)
    case 'Fn::GetAtt': {
      const [logicalId, ...path] = typeof argument === 'string' ? argument.split('.') : texts(argument, name)
      return attribute(logicalId!, path.join('.'), scope)
    }
    case 'Fn::Join': {
      const [separator, items] = pair(argument, name)
      return texts(resolve(items, scope), name).join(text(separator, name))
    }
    case 'Fn::Split': {
      const [separator, whole] = pair(argument, name)
      return text(resolve(whole, scope), name).split(text(separator, name))
    }
    case 'Fn::Select': {
      const [index, items] = pair(argument, name)
      const chosen = texts(resolve(items, scope), name)[Number(index)]
      if (chosen === undefined) throw new Error(`Fn::Select: there is no item ${String(index)}`)
      return chosen
    }
    case 'Fn::Sub': {
      if (typeof argument === 'string') return substitute(argument, {}, scope)
      const [pattern, variables] = pair(argument, name)
      return substitute(text(pattern, name), resolve(variables, scope) as Record<string, unknown>, scope)
    }
    default:
      throw new Error(`the embedded cloud does not know the intrinsic function ${name}`)
  }
}

function reference(name: string, { identities, pseudo }: Scope): string {
  const value = identities.get(name)?.ref ?? pseudo[name]
  if (value === undefined) throw new Error(`Ref: there is no resource or pseudo parameter ${name}`)
  return value
}

function attribute(logicalId: string, name: string, { identities }: Scope): string {
  const value = identities.get(logicalId)?.attributes[name]
  if (value === undefined) throw new Error(`Fn::GetAtt: the embedded cloud does not know ${logicalId}.${name}`)
  return value
}

/** `${Name}`, `${Resource.Attribute}`, `${AWS::Region}`; `${!Literal}` stays as `${Literal}`. */
function substitute(pattern: string, variables: Record<string, unknown>, scope: Scope): string {
  return pattern.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`
    if (Object.hasOwn(variables, name)) return text(variables[name], 'Fn::Sub')
    const [logicalId, ...path] = name.split('.')
    return path.length > 0 ? attribute(logicalId!, path.join('.'), scope) : reference(name, scope)
  })
}

function text(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw new Error(`${name}: expected a text, got ${JSON.stringify(value)}`)
}

function texts(value: unknown, name: string): string[] {
  if (Array.isArray(value)) return value.map(item => text(item, name))
  throw new Error(`${name}: expected a list, got ${JSON.stringify(value)}`)
}

function pair(value: unknown, name: string): [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]]
  throw new Error(`${name}: expected two arguments, got ${JSON.stringify(value)}`)
}
