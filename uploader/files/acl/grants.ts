/** SYSTEM and the Administrators, as SDDL writes them: by two letters or by their SIDs, which no language of Windows translates. */
const trusted = new Set(['SY', 'S-1-5-18', 'BA', 'S-1-5-32-544'])

/** `D:`, its flags, and its entries, each in parentheses. */
const list = /^D:(?:P|AR|AI)*((?:\([^()]*\))+)$/

/**
 * Who but SYSTEM and the Administrators is granted something by a security descriptor such as `D:PAI(A;;FA;;;SY)(A;ID;0x1200a9;;;BU)`.
 * @returns their names in SDDL; `everybody` where there is no list, or one that this does not understand: it is not known to keep anybody out
 */
export function grantedToOthers(descriptor: string): string[] {
  const [, entries] = list.exec(descriptor.trim()) ?? []
  if (entries === undefined) return ['everybody']
  return [...entries.matchAll(/\(([^()]*)\)/g)].flatMap(([, entry]) => {
    const [type, flags = '', , , , trustee = 'everybody'] = entry!.split(';')
    // One that denies takes away; one that only inherits (IO) is about what lies below.
    if (type === 'D' || flags.match(/../g)?.some(flag => flag === 'IO')) return []
    return trusted.has(trustee) ? [] : [trustee]
  })
}
