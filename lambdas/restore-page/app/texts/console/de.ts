import { common } from '../common/de.ts'
import type { ConsoleTexts } from './en.ts'

const modes: Record<string, string> = {
  full: 'vollständiges Backup',
  differential: 'differenzielles Backup',
  log: 'Log-Backup',
  any: 'Backup',
}
const modeOf = (mode: string | null) => modes[mode ?? 'any'] ?? mode
const sources = (count: number, text: string) => (count === 1 ? '1 Quelle' : `${text} Quellen`)

export const de: ConsoleTexts = {
  ...common,
  from: provider => `Konsole von ${provider}`,
  title: 'Konsole',
  titles: {
    safe: 'Alle sicher',
    needs: count => `${count} zum Ansehen`,
    unknown: 'Nicht bekannt',
  },

  noSecret: {
    title: 'Der Link ist nicht vollständig',
    why: 'Zum Link der Konsole gehört ein langer Teil hinter dem Zeichen #. Kopieren Sie ihn noch einmal, mit allem hinter diesem Zeichen.',
  },
  ended: {
    title: 'Diese Konsole ist geschlossen',
    why: 'Ihr Link ist abgelaufen, wurde beendet oder nicht ganz kopiert. Sonst ist nichts davon betroffen.',
    here: 'Der Link öffnet nichts mehr, für niemanden, der ihn hat.',
    again: 'Damit entsteht ein neuer',
  },
  refused: {
    title: 'Der Empfänger lehnt ab',
    codes: {
      throttled: 'Es kamen zu viele Anfragen auf einmal. Warten Sie eine Minute.',
      'tenant-suspended': 'Dieser Kunde ist gesperrt.',
      'not-found': 'Das gibt es nicht mehr. Lesen Sie neu.',
    },
  },
  reading: 'Jede Quelle wird angesehen …',
  readingSoFar: count => `bisher ${count}`,

  answer: {
    nothing: 'Noch ist nichts geschützt',
    nothingWhy: 'Sobald der Host eines Kunden eine Quelle angemeldet hat, steht sie hier.',
    safe: (sources, sourcesText, customers, customersText) =>
      sources === 1
        ? 'Die einzige Quelle ist sicher'
        : `Alle ${sourcesText} Quellen von ${customers === 1 ? '1 Kunden' : `${customersText} Kunden`} sind sicher`,
    quiet: (safe, sources) => `${safe} von ${sources} Quellen sind sicher, und keine braucht Sie`,
    needs: (needs, needsText, sourcesText) =>
      needs === 1 ? `1 von ${sourcesText} Quellen braucht Sie` : `${needsText} von ${sourcesText} Quellen brauchen Sie`,
    needsOthers: (others, text) =>
      others === 1
        ? 'Keine Quelle braucht Sie, aber etwas anderes'
        : `Keine Quelle braucht Sie, aber ${text} andere Dinge`,
    andOthers: (others, text) =>
      others === 1
        ? 'Dazu kommt etwas, das zu keiner Quelle gehört.'
        : `Dazu kommen ${text} Dinge, die zu keiner Quelle gehören.`,
    states: (state, count, text) => {
      switch (state) {
        case 'never':
          return `${sources(count, text)} ${count === 1 ? 'hat' : 'haben'} noch nichts geschickt`
        case 'suspended':
          return `${sources(count, text)} gesperrter Kunden ${count === 1 ? 'wird' : 'werden'} nicht gesichert`
        case 'unwatched':
          return `von ${sources(count, text)} wird kein Backup erwartet`
      }
    },
    stale: 'Es wird neu nachgesehen …',
    staleWhy: 'Was unten steht, ist zu alt, um darauf zu bauen.',
    failed: 'Es ist nicht bekannt, ob alle sicher sind',
    failedWhy: when => `Der letzte Versuch nachzusehen ist gescheitert. Was unten steht, ist der Stand von ${when}.`,
    asOf: when => `Stand ${when}, jede Minute neu gelesen.`,
    readingAgain: 'Wird gelesen …',
    again: 'Jetzt neu lesen',
    zone: zone => `Zeiten in ${zone}.`,
  },

  findings: {
    'agent-silent': () => 'Der Host meldet sich nicht mehr',
    'run-missed': mode => `Ein ${modeOf(mode)} ist nie gekommen, und das nächste ist fällig`,
    'run-late': mode => `Ein ${modeOf(mode)} ist verspätet`,
    overlooked: () =>
      'Ein Lauf wird seit mehr als einem Tag erwartet, und niemand hat es gemeldet: Er läuft noch, oder der Watchdog steht still',
    'run-failing': () => 'Die Läufe schlagen einer nach dem anderen fehl',
    'proof-failed': () => 'Eine Prüfung fand ein Backup unlesbar',
    'chain-broken': () => 'Die Logs setzen einander nicht fort',
    'commit-stuck': () => 'Ein geschicktes Backup kann nicht abgeschlossen werden',
    'quota-hard': () => 'Die harte Quota ist erreicht: Uploads werden abgelehnt',
    'quota-soft': () => 'Es ist mehr gespeichert als die weiche Quota',
    'recipients-changed': () => 'Der Host versiegelt für andere Empfängerschlüssel als bisher',
    'schedule-weakened': () => 'Der Host plant weniger Läufe als bisher oder als Sie erwarten',
    'size-odd': mode => `Ein ${modeOf(mode)} hat eine ungewöhnliche Größe`,
    'clock-skew': () => 'Eine Uhr des Hosts geht um mehr als zehn Minuten falsch',
    'retention-stuck': () => 'Backups jenseits ihrer Aufbewahrung können nicht gelöscht werden',
    'webhook-failing': () => 'Ein Webhook nimmt nicht an, was ihm geschickt wird',
    'agent-revoked': () => 'Ein Host wurde widerrufen oder ersetzt',
    'key-rotated': () => 'Ein Host signiert mit einem neuen Schlüssel',
    'daily-summary': () => 'Der Tag in Zahlen',
    test: () => 'Ein Webhook wurde ausprobiert',
  },

  needs: {
    title: 'Zum Ansehen',
    others: 'Außer den Quellen',
    quiet: 'Weder gestört noch sicher',
    events: 'In letzter Zeit',
    eventsWhy: 'Was in den letzten drei Tagen geschah, nicht offen ist und gelesen werden sollte.',
    since: 'seit',
    host: 'Host',
    lastCall: 'Letzter Anruf',
    lastBackup: 'Letztes Backup empfangen',
    expected: 'Das nächste wird erwartet',
    never: 'nie',
    nobody: 'gar nicht',
    more: 'Was der Empfänger sagt',
    moreOf: of => `Was der Empfänger zu ${of} sagt`,
    receiver: 'Der Empfänger selbst',
    severities: { critical: 'Kritisch', warning: 'Warnung', info: 'Zur Kenntnis' },
    quietStates: {
      never: 'Von ihr wurde noch nichts empfangen',
      suspended: 'Ihr Kunde ist gesperrt: Es wird nichts angenommen und nichts erwartet',
      unwatched:
        'Von ihr wird kein Backup erwartet: Ihr Host hat keinen Zeitplan oder wurde widerrufen, sodass niemand eines vermissen würde',
    },
    showMore: count => `${count} weitere zeigen`,
    shown: (shown, all) => `${shown} von ${all}`,
  },

  safe: {
    title: (count, text) => (count === 1 ? '1 sichere Quelle' : `${text} sichere Quellen`),
    why: 'Von jeder ist ein Backup da, das nächste wird erwartet, und nichts ist gestört.',
    search: 'Nach Kunde, Quelle oder Host suchen',
    none: 'Keine passt.',
    source: 'Quelle',
    customer: 'Kunde',
  },

  customers: {
    title: 'Kunden',
    search: 'Kunden suchen',
    none: 'Keiner passt.',
    noneYet: 'Es gibt noch keinen Kunden. Damit kommt einer dazu',
    suspended: when => `gesperrt seit ${when}`,
    suspendedWhy: (when, reason) => `gesperrt seit ${when}: ${reason}`,
    sources: (count, text) => sources(count, text),
    needs: (count, text) => (count === 1 ? '1 braucht Sie' : `${text} brauchen Sie`),
    stored: bytes => `${bytes} gespeichert`,
    notMeasured: 'noch nichts gemessen',
    manage: 'Links und Tokens',
    manageOf: customer => `Links und Tokens von ${customer}`,
    token: 'Enrol-Token ausstellen',
    link: 'Restore-Link ausstellen',
    noSource: 'Zu einem Restore-Link gehört eine Quelle, und es gibt noch keine.',
    links: 'Restore-Links, die nicht abgelaufen sind',
    noLinks: 'Es gibt keinen.',
    loading: 'Wird gelesen …',
  },

  token: {
    title: customer => `Ein Enrol-Token für ${customer}`,
    why: 'Mit ihm meldet sich ein Host an, einmal. Das kann jeder, der ihn hat: Geben Sie ihn auf anderem Weg weiter als die Mail mit der Adresse.',
    expires: 'Gilt für',
    place: 'Für',
    newHost: 'einen neuen Host',
    instead: host => `einen Host an Stelle von ${host}`,
    insteadWhy:
      'Der neue Host bekommt dessen Quellen und Backups, und der alte wird in dem Augenblick widerrufen, in dem der Token benutzt wird.',
    make: 'Ausstellen',
    made: customer => `Der Token für ${customer}`,
    once: when => `Er wird nur dieses eine Mal gezeigt und gilt bis ${when}.`,
    token: 'Enrol-Token',
    command: 'Befehl für den Server des Kunden',
    commandWhy: 'Oder alles als ein Befehl für den Server des Kunden:',
  },

  link: {
    title: customer => `Ein Restore-Link für ${customer}`,
    why: 'Wer ihn hat, kann holen, was er nennt. Das ist versiegelt: Nur das Recovery Kit des Kunden öffnet es.',
    source: 'Quelle',
    expires: 'Gilt für',
    uses: 'Wiederherstellungen, die er erlaubt',
    usesHelp: 'Leer heißt: beliebig viele.',
    passcode: 'Kennwort',
    passcodeHelp:
      'Darf fehlen. Sagen Sie es auf anderem Weg als den Link, zum Beispiel am Telefon: Zusammen verschickt schützen sie nichts. 4 bis 100 Buchstaben, Ziffern und Zeichen aus ASCII.',
    since: 'Zeitpunkte ab',
    until: 'Zeitpunkte bis',
    momentsHelp: zone => `Nach der Uhr des gesicherten Rechners, hier geschrieben in ${zone}. Leer heißt: alle.`,
    addresses: 'Nur von diesen Adressen',
    addressesHelp: 'Zum Beispiel 192.0.2.7 oder 2001:db8::/32, mit Leerzeichen dazwischen. Leer heißt: von überall.',
    limits: 'Weiter begrenzen',
    never: 'Diese Zeit gab es nicht: Die Uhren wurden über sie hinweg vorgestellt.',
    order: 'Der erste Zeitpunkt ist später als der letzte.',
    make: 'Ausstellen',
    made: source => `Der Restore-Link für ${source}`,
    once: when => `Er wird nur dieses eine Mal gezeigt und gilt bis ${when}.`,
    link: 'Restore-Link',
    tellPasscode: 'Sagen Sie das Kennwort auf anderem Weg, als Sie den Link schicken.',
    name: name => `In der Liste und im Audit heißt er ${name}.`,
  },

  links: {
    name: 'Name',
    state: 'Zustand',
    ends: 'Endet',
    used: 'Benutzt',
    usedOf: (used, all) => (all === null ? `${used}, ohne Grenze` : `${used} von ${all}`),
    limits: 'Begrenzt auf',
    madeBy: 'Ausgestellt von',
    provider: 'dem Anbieter',
    host: 'seinem Host',
    states: {
      good: 'gültig',
      'used-up': 'verbraucht',
      locked: 'durch falsche Kennwörter gesperrt',
      revoked: 'widerrufen',
    },
    since: when => `Zeitpunkte ab ${when}`,
    until: when => `Zeitpunkte bis ${when}`,
    units: units => `Einheiten ${units}`,
    snapshots: count => (count === 1 ? 'ein Backup' : `${count} Backups`),
    addresses: addresses => `Adressen ${addresses}`,
    passcode: 'wer ein Kennwort kennt',
    revoke: 'Widerrufen',
    revokeOf: name => `${name} widerrufen`,
    sure: (name, source) => `Den Link ${name} für ${source} widerrufen?`,
    sureWhy: 'Niemand wird ihn wieder benutzen können. Laufende Downloads können abbrechen.',
    yes: 'Ja, widerrufen',
    no: 'Behalten',
    revoked: name => `${name} ist widerrufen.`,
  },

  usage: {
    title: 'Verbrauch',
    month: 'Monat',
    why: 'Nach der letzten Messung: einmal am Tag. Für einen Monat vollständig ab dem zweiten Tag des nächsten.',
    loading: 'Wird gelesen …',
    none: 'In diesem Monat wurde nichts gemessen.',
    customer: 'Kunde',
    gbMonths: 'GB-Monate',
    stored: 'Gespeichert',
    peak: 'Höchststand',
    uploaded: 'Hochgeladen',
    downloaded: 'Heruntergeladen',
    restores: 'Wiederherstellungen',
    total: 'Alle',
    sourcesOf: customer => `Quellen von ${customer}`,
    csvCustomers: 'Als CSV herunterladen: Kunden',
    csvSources: 'Als CSV herunterladen: Quellen',
  },

  session: {
    title: 'Diese Sitzung',
    receiver: 'Empfänger',
    by: 'Geöffnet von',
    since: 'Geöffnet',
    ends: 'Endet',
    end: 'Sitzung beenden',
    sure: 'Die Sitzung beenden?',
    sureWhy: 'Der Link gilt sofort nicht mehr, für alle, die ihn haben. Was mit ihm ausgestellt wurde, bleibt.',
    yes: 'Ja, beenden',
    no: 'Offen lassen',
  },
}
