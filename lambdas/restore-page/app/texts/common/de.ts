import type { common as english } from './en.ts'

export const common: typeof english = {
  languageLabel: 'Sprache',
  tryAgain: 'Noch einmal versuchen',
  contact: contact => `Fragen Sie: ${contact}`,
  contactProvider: provider => `Fragen Sie ${provider} oder die Person, von der Sie den Link haben.`,
  offline: {
    title: 'Dieser Computer ist offline',
    why: 'Die Seite macht von selbst weiter, sobald es eine Verbindung gibt.',
  },
  unreachable: {
    title: 'Der Empfänger antwortet nicht',
    why: 'Über die Backups sagt das nichts: Sie liegen anderswo. Prüfen Sie die Verbindung, oder versuchen Sie es in einer Minute noch einmal.',
  },
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyOf: what => `Kopieren: ${what}`,
  close: 'Schließen',
}
