/** The word on the command line by which this program is the hook of a diskshadow. */
export const hookWord = '__vss-hook'

/** What the gate and the hook say to one another, a line each. */
export const letGo = 'let go'
export const heard = 'heard'
