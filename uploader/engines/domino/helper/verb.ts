/** The hidden verb that makes this program the process that speaks with Domino. */
export const helperVerb = '__domino-helper'
