/** What parts say that every page has. */
export const common = {
  languageLabel: 'Language',
  tryAgain: 'Try again',
  contact: (contact: string) => `Ask: ${contact}`,
  contactProvider: (provider: string) => `Ask ${provider} or whoever sent you the link.`,
  offline: {
    title: 'This computer is offline',
    why: 'The page goes on by itself as soon as there is a connection.',
  },
  unreachable: {
    title: 'The receiver does not answer',
    why: 'That says nothing about the backups: they are stored elsewhere. Check the connection, or try again in a minute.',
  },
  copy: 'Copy',
  copied: 'Copied',
  copyOf: (what: string) => `Copy: ${what}`,
  close: 'Close',
}

export type CommonTexts = typeof common & {
  /** Whose page it is. */
  from(provider: string): string
}
