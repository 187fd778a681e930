import { common } from './common/de.ts'
import type { Texts } from './en.ts'

export const de: Texts = {
  ...common,
  title: source => `${source} wiederherstellen`,
  titleAlone: 'Backup wiederherstellen',
  from: provider => `Backups von ${provider}`,
  loading: 'Es wird nachgesehen, was wiederhergestellt werden kann …',
  loadingMore: 'Ältere Backups werden gelesen …',
  reload: 'Seite neu laden',

  ended: {
    title: 'Dieser Link gilt nicht mehr',
    why: 'Er ist abgelaufen, verbraucht oder widerrufen, oder er wurde nicht ganz kopiert. Die Backups selbst sind davon nicht betroffen.',
    ask: 'Wer ihn geschickt hat, kann einen neuen ausstellen.',
  },
  revoked: {
    title: 'Der Link ist widerrufen',
    why: 'Niemand kann ihn mehr benutzen. Die Backups selbst sind davon nicht betroffen.',
  },
  noSecret: {
    title: 'Der Link ist nicht vollständig',
    why: 'Zu einem Link gehört ein langer Teil hinter dem Zeichen #. Kopieren Sie ihn noch einmal, mit allem hinter diesem Zeichen.',
  },
  refused: {
    title: 'Der Empfänger lehnt ab',
    codes: {
      'address-refused': 'Von der Netzadresse dieses Computers aus darf der Link nicht benutzt werden.',
      'tenant-suspended': 'Das Konto ist gesperrt. Die Backups bleiben erhalten.',
      'quota-exceeded': 'So viel, wie dieser Link erlaubt, wurde schon geholt.',
      throttled: 'Es kamen zu viele Anfragen auf einmal. Warten Sie eine Minute.',
      'not-found': 'Das, wofür dieser Link gilt, gibt es nicht mehr.',
      'not-restorable': 'Dieser Zeitpunkt kann nicht wiederhergestellt werden.',
      'out-of-scope': 'Dafür gilt der Link nicht.',
    },
  },

  passcode: {
    title: 'Zu diesem Link gehört ein Kennwort',
    why: 'Wer Ihnen den Link geschickt hat, hat es Ihnen auf anderem Weg gesagt, zum Beispiel am Telefon.',
    label: 'Kennwort',
    go: 'Weiter',
    wrong: 'Das Kennwort ist falsch. Nach zehn falschen wird der Link gesperrt.',
  },

  answer: {
    any: source => ({ before: 'Sie können ', source, after: ' auf jeden Zeitpunkt zwischen ' }),
    and: ' und ',
    end: ' zurücksetzen.',
    moments: (source, count) => ({
      before: 'Sie können ',
      source,
      after: ` auf ${count} Zeitpunkte zurücksetzen, der letzte war `,
    }),
    one: source => ({ before: 'Sie können ', source, after: ' zurücksetzen auf den Stand ' }),
    none: source => ({ before: 'Von ', source, after: ' gibt es noch kein Backup.' }),
    noneWhy: 'Sobald das erste vollständig ist, wird es hier angeboten.',
    noneTogether: source => ({
      before: 'Es gibt keinen Zeitpunkt, auf den alle gewählten Teile von ',
      source,
      after: ' gemeinsam zurückgesetzt werden können.',
    }),
    noneTogetherWhy: 'Wählen Sie unten weniger davon.',
    gaps: count => (count === 1 ? 'Bis auf eine Lücke:' : `Bis auf ${count} Lücken:`),
    moreGaps: count => `${count} weitere Lücken`,
    lastFailed: 'Der letzte Backup-Lauf ist fehlgeschlagen',
    unproven: 'Noch kein Backup dieser Quelle wurde durch eine Prüfung oder Übung bewiesen.',
  },
  gap: {
    reason: reason => {
      switch (reason.kind) {
        case 'missing':
          return 'ein Log-Backup fehlt'
        case 'bad':
          return 'ein Log-Backup ist bei einer Prüfung als beschädigt aufgefallen'
        case 'anew':
          return 'die Datenbank hat eine neue Log-Folge begonnen'
        case 'nothing-after':
          return 'in dieser Zeit wurde kein Log gesichert'
        case 'other':
          return reason.text
      }
    },
    of: (unit, reason) => `${unit}: ${reason}`,
    units: count => `${count} Einheiten`,
    span: (from, to, reason) => `Von ${from} bis ${to}: ${reason}.`,
    title: 'Dieser Zeitpunkt kann nicht wiederhergestellt werden',
    before: 'Von vor dem ersten Backup gibt es nichts.',
    after: 'Seitdem wurde noch nichts gesichert.',
    between: 'Von genau diesem Zeitpunkt gibt es kein Backup.',
    toBefore: when => `${when} nehmen, davor`,
    toAfter: when => `${when} nehmen, danach`,
  },

  units: {
    title: 'Was wiederhergestellt wird',
    all: 'Alles',
    some: 'Nur einen Teil',
    filter: 'Filter',
    chosen: (count, all) => `${count} von ${all} gewählt`,
    none: 'Wählen Sie mindestens einen Teil.',
  },

  choose: {
    title: 'Zeitpunkt wählen',
    latest: 'Neuester',
    day: 'Tag',
    calendar: 'Backups der letzten 90 Tage, ein Feld für jeden Tag',
    cell: (day, state, backups) => `${day}: ${state}, ${backups}`,
    backups: count => (count === 1 ? '1 Backup' : `${count} Backups`),
    states: { proven: 'bewiesen', stored: 'gesichert', warning: 'Warnung', missed: 'ausgefallen', none: 'kein Backup' },
    explain: {
      proven: 'gesichert und seitdem geprüft',
      stored: 'gesichert und beim Speichern unversehrt',
      warning: 'gesichert, mit Warnung oder fehlgeschlagenem Lauf',
      missed: 'kein Backup, obwohl eines fällig war',
      none: 'keines war fällig',
    },
    table: 'Tage als Tabelle',
    columns: { day: 'Tag', state: 'Zustand', backups: 'Backups' },
    earlier: 'Früher',
    later: 'Später',
    timeline: day => `Zeitleiste von ${day}`,
    point: 'Zeitpunkt der Wiederherstellung',
    hint: 'Ziehen, oder mit den Pfeiltasten: ← → eine Minute, Bild ↑ ↓ das nächste Backup.',
    gapLegend: 'nicht wiederherstellbar',
    rangeLegend: 'wiederherstellbar',
    tickLegend: 'ein Backup',
    previous: 'Voriges Backup',
    next: 'Nächstes Backup',
    exact: 'Genaue Zeit',
    exactHelp: zone => `Wie 2026-11-05 14:10:00, in ${zone}; oder mit Abstand zu UTC, wie 2026-11-05T13:10:00Z.`,
    take: 'Diese Zeit nehmen',
    zone: 'Zeiten in',
    unreadable: 'Das ist keine Zeit. Schreiben Sie sie wie 2026-11-05 14:10:00.',
    never: 'Diese Zeit gab es nicht: Die Uhren wurden über sie hinweg vorgestellt.',
    twice: 'Diese Zeit gab es zweimal, weil die Uhren zurückgestellt wurden. Welche?',
    chosen: 'Gewählter Zeitpunkt',
    position: 'Position',
    between: (from, to) => `zwischen ${from} und ${to}`,
    snapshots: 'Backups, für die dieser Link gilt',
  },

  chain: {
    title: 'Woraus er zusammengesetzt wird',
    of: count => `${count} Backups, in dieser Reihenfolge`,
    kind: 'Art',
    kinds: { full: 'Voll', differential: 'Differentiell', log: 'Log' },
    received: 'Empfangen',
    size: 'Gespeichert',
    proof: 'Geprüft',
    locked: 'Gesperrt bis',
    proven: 'bewiesen',
    stored: 'beim Speichern unversehrt',
    doubtful: 'bei einer Prüfung als beschädigt aufgefallen',
    hidden: count => `${count} weitere`,
    show: 'Alle zeigen',
    loading: 'Es wird ermittelt, was gebraucht wird …',
  },

  before: {
    title: 'Vor dem Herunterladen',
    download: 'Herunterzuladen',
    content: 'Wiederhergestellt',
    files: 'Dateien',
    machine: 'Von',
    version: 'Version',
    cost: provider => `Kosten für ${provider}`,
    costNote: 'Übertragung aus der Cloud, geschätzt',
    time: 'Dauer',
    assumed: (slow, fast) => `etwa ${slow} bei 100 Mbit/s, ${fast} bei 1 Gbit/s`,
    measured: (time, speed) => `etwa ${time} bei den hier gemessenen ${speed}/s`,
    counting: number => `bisher ${number}`,
  },

  ways: {
    title: 'Drei Wege',
    command: 'Mit dem Programm, in einer Zeile',
    commandWhy:
      'Am besten für ganze Server. Es prüft, wer das Backup gemacht hat, schreibt die Dateien in ein neues Verzeichnis und kann sie in einen Server laden.',
    commandNeeds: provider =>
      `Das Programm failsafe ist eine einzige Datei; Sie bekommen es von ${provider}. Legen Sie den Wiederherstellungs-Schlüssel (Recovery Kit) daneben.`,
    commandSecret:
      'Die Zeile enthält das Geheimnis dieses Links: Wer sie hat, kann das Backup holen, aber nicht öffnen.',
    commandUnits: 'Das Programm stellt alles wieder her; die Auswahl oben gilt nur für diese Seite.',
    unix: 'Linux',
    windows: 'Windows',
    browser: 'Hier, im Browser',
    browserWhy:
      'Am besten für einzelne Dateien. Sie werden versiegelt geholt und auf diesem Computer geöffnet und geprüft.',
    bundle: 'Mit einem Skript, ohne dieses Produkt',
    bundleWhy:
      'Ein kleines Archiv mit den signierten Manifesten und einem Skript, das nur curl, age, zstd und sha256sum braucht. Nach dem Link fragt es, wenn es läuft.',
    bundleMake: 'Archiv erstellen',
    bundleMaking: 'Das Archiv wird erstellt …',
    bundleDone: (name, when) => `${name} ist gespeichert. Der Empfänger bedient es bis ${when}.`,
    bundleProof:
      'Das Skript beweist, dass nichts beschädigt ist. Wer das Backup gemacht hat, beweist nur das Programm.',
    uses: 'Das verbraucht eine Nutzung des Links.',
    usesLast: 'Das verbraucht die letzte Nutzung des Links. Danach geht es nur in diesem Tab weiter.',
    usesAgain: 'Diese Wiederherstellung ist schon gezählt: Sie in diesem Tab noch einmal zu öffnen, verbraucht nichts.',
    usesNone: 'Der Link ist verbraucht. Nur was in diesem Tab schon geöffnet war, lässt sich noch einmal öffnen.',
  },

  kit: {
    title: 'Recovery Kit',
    never: 'Es verlässt diese Seite nie: Es bleibt im Speicher dieses Tabs und wird nirgendwohin geschickt.',
    code: provider =>
      `Diese Seite ist aber Code von ${provider}. Wer dem nicht vertrauen möchte, nimmt das Programm oder das Skript: Beide lesen das Kit nur auf Ihrem eigenen Rechner.`,
    sealed:
      'Die Namen der Dateien sind versiegelt. Bevor das Kit angegeben ist, sieht niemand mehr als Einheiten, Zeiten und Größen, auch der Anbieter nicht.',
    paste: 'Recovery Kit einfügen, oder die Datei hierher ziehen',
    file: 'Datei wählen',
    open: 'Backup öffnen',
    opening: 'Die Dateilisten werden geholt und geöffnet …',
    trust: 'Fingerabdruck des Rechner-Schlüssels, wenn Sie ihm vertrauen',
    trustHelp:
      'Wie ihn enrol oder rotate-key auf dem Rechner ausgegeben hat. Vergleichen Sie ihn dort, und nicht nur mit dem, was oben steht.',
    forget: 'Kit vergessen',
    empty: 'Fügen Sie zuerst das Recovery Kit ein, oder wählen Sie die Datei.',
  },

  files: {
    title: count => `${count} Dateien`,
    filter: 'Dateien filtern',
    name: 'Datei',
    unit: 'Einheit',
    size: 'Größe',
    action: 'Aktion',
    get: 'Herunterladen',
    getFile: file => `${file} herunterladen`,
    shown: (shown, all) => `${shown} von ${all} Dateien`,
    more: 'Mehr zeigen',
    none: 'Keine Datei passt dazu.',
    all: bytes => `Alles herunterladen (${bytes})`,
    matching: (count, bytes) => `Diese ${count} Dateien herunterladen (${bytes})`,
    running: (file, done, all) => `${file}: ${done} von ${all}`,
    progress: file => `Fortschritt von ${file}`,
    total: (files, all) => `${files} von ${all} Dateien gespeichert`,
    done: file => `${file} ist gespeichert; jedes Byte wurde mit dem signierten Verzeichnis verglichen.`,
    allDone: count =>
      `Alle ${count} Dateien sind gespeichert; jedes Byte wurde mit dem signierten Verzeichnis verglichen.`,
    refused: 'Es wurde nichts gespeichert: Der Browser sollte es nicht.',
    stop: 'Anhalten',
    stopped: 'Angehalten. Was von der Datei da ist, ist nicht vollständig.',
  },

  problems: {
    'identity-invalid': [
      'Das ist kein Recovery Kit',
      'Es hat keine Zeile, die mit AGE-SECRET-KEY-1 beginnt. Nehmen Sie die Datei, die beim Anmelden des ersten Servers geschrieben wurde.',
    ],
    'identity-does-not-open': [
      'Dieses Kit öffnet das Backup nicht',
      'Es gehört zu einem anderen Konto oder ist ein älteres. Beschädigt ist nichts. Probieren Sie Ihre anderen Kits.',
    ],
    'manifest-untrusted': [
      'Für die Signatur bürgt das Kit nicht',
      'Es wurde nichts geöffnet. Fragen Sie, wer das Kit verwahrt, von welchem Rechner dieses Backup ist; das Programm failsafe zeigt den Fingerabdruck und kann angewiesen werden, ihm zu vertrauen.',
    ],
    'index-damaged': [
      'Die Dateiliste ist beschädigt',
      'Sie ist nicht, was gesichert wurde. Nehmen Sie einen anderen Zeitpunkt und sagen Sie es Ihrem Anbieter.',
    ],
    'artefact-damaged': [
      'Die Datei ist beschädigt',
      'Sie ist nicht, was gesichert wurde, und wurde nicht als vollständig gespeichert. Löschen Sie, was davon da ist, nehmen Sie einen anderen Zeitpunkt und sagen Sie es Ihrem Anbieter.',
    ],
    'pack-damaged': [
      'Ein gespeichertes Objekt ist beschädigt',
      'Es ist nicht, was gesichert wurde. Nehmen Sie einen anderen Zeitpunkt und sagen Sie es Ihrem Anbieter.',
    ],
    network: [
      'Die Verbindung ist abgebrochen',
      'Es wurde mehrmals versucht. Was gespeichert ist, bleibt; machen Sie weiter, wenn das Netz wieder da ist.',
    ],
    outdated: [
      'Diese Seite ist veraltet',
      'Ihr Anbieter hat eine neuere Fassung eingespielt, seit sie geladen wurde. Laden Sie sie neu: Der gewählte Zeitpunkt bleibt, das Recovery Kit müssen Sie noch einmal geben.',
    ],
    'link-invalid': ['Der Link gilt nicht mehr', 'Er ist inzwischen abgelaufen, verbraucht oder widerrufen.'],
    'quota-exceeded': [
      'So viel, wie dieser Link erlaubt, wurde schon geholt',
      'Wer ihn geschickt hat, kann einen neuen machen. Jedes Öffnen eines Backups zählt, auch wenn die Seite neu geladen wurde.',
    ],
    'passcode-wrong': ['Das Kennwort gilt nicht mehr', 'Laden Sie die Seite neu und geben Sie es noch einmal ein.'],
    'not-restorable': ['Dieser Zeitpunkt kann nicht mehr wiederhergestellt werden', 'Wählen Sie oben einen anderen.'],
    refused: ['Der Empfänger lehnt ab', 'Versuchen Sie es in einer Minute noch einmal.'],
    saving: [
      'Die Datei konnte nicht geschrieben werden',
      'Sehen Sie nach, ob auf der Platte Platz ist, und versuchen Sie es noch einmal.',
    ],
  },
  reason: why => `Grund: ${why}`,

  steps: {
    title: 'Was danach zu tun ist',
    intro: (source, when) =>
      `Für ${source}, Stand ${when}, in dem Verzeichnis, in das die Dateien wiederhergestellt wurden:`,
    latest: 'des gewählten Backups',
    program:
      'Das Programm schreibt dasselbe mit genauen Positionen in RESTORE.md neben den Dateien. Mit --apply tut es das selbst.',
    say: (step, { engine, version, source, when }) => {
      switch (step) {
        case 'prepare-target':
          return `Nehmen Sie einen Rechner mit ${version} oder einer späteren Version. Stellen Sie nie über den laufenden Server wieder her.`
        case 'load':
          return 'Laden Sie die Dateien des vollen Backups, mit einem Client, der sich als Administrator anmeldet. Die Reihenfolge: Konten, Definitionen, Datenbanken, Tabellen, Zeilen, Routinen, Views, Trigger, Rechte, Events.'
        case 'logs':
          return `Spielen Sie die Logs bis ${when} ein, alle Dateien in einem Aufruf. Die Namen der Dateien stehen fest, wenn das Backup geöffnet ist; genaue Positionen hat RESTORE.md.`
        case 'unpack':
          return 'Packen Sie die Kopie der Datendateien aus.'
        case 'bring-together':
          return 'Bringen Sie alle Dateien auf einen Stand. Jeder Aufruf muss mit „completed OK!“ enden.'
        case 'copy-back':
          return 'Bei angehaltenem Server, als root: Legen Sie die Dateien an ihren Ort und starten Sie ihn.'
        case 'own-tools':
          return `Wiederhergestellt ist, was die Werkzeuge von ${engine} lesen: Kopieren Sie es auf den Rechner und stellen Sie es dort mit ihnen wieder her, erst das volle Backup, dann das differentielle, dann die Logs der Reihe nach, bis ${when}.`
        case 'check':
          return `Sehen Sie nach, ob ${source} so ist, wie Sie es erwarten, bevor jemand damit arbeitet, und machen Sie ein neues volles Backup.`
      }
    },
  },

  proof: {
    title: 'Beweise',
    signers: 'Signiert von',
    signersLater:
      'Wer signiert hat, wird mit dem Schlüssel in Ihrem Recovery Kit bewiesen, sobald das Backup geöffnet ist.',
    vouched: 'Ihr Recovery Kit bürgt dafür',
    notVouched: 'kein Kit bürgt dafür',
    checks: 'Letzte Prüfung',
    check: (method, level, outcome) => `${method}, ${level}: ${outcome}`,
    methods: { verify: 'Prüfung', drill: 'Übung' },
    levels: {
      stored: 'Prüfsummen und Signatur verglichen',
      kit: 'Dateiliste mit einem Kit geöffnet',
      opened: 'jede Datei geöffnet',
      restored: 'in einen Server geladen',
    },
    outcomes: { passed: 'bestanden', failed: 'nicht bestanden' },
    noChecks: 'für diese Backups ist keine verzeichnet',
    hashes: 'Prüfsummen',
    hashesWhy:
      'Der Speicher hat jedes Teil bei der Annahme mit einer SHA-256 verglichen; Ihr Computer vergleicht jede Datei nach dem Öffnen noch einmal.',
    snapshots: 'Backups nach Nummer',
    uses: 'Wer diesen Link benutzt hat',
    made: by => `Ausgestellt von ${by}`,
    noUses: 'Noch niemand.',
    use: (what, address, count) => `${what}, von ${address}, ${count === 1 ? '1 Backup' : `${count} Backups`}`,
    latest: 'der neueste Stand',
    snapshot: id => `Backup ${id}`,
    moment: when => `der Stand ${when}`,
    incomplete: 'Ältere Nutzungen können fehlen.',
    unknown: 'unbekannter Adresse',
  },

  link: {
    title: 'Dieser Link',
    expires: 'Endet',
    left: 'Nutzungen übrig',
    unlimited: 'unbegrenzt',
    limited: 'Beschränkt auf',
    since: when => `Zeitpunkte ab ${when}`,
    until: when => `Zeitpunkte bis ${when}`,
    units: units => `die Einheiten ${units}`,
    snapshots: count => (count === 1 ? 'ein Backup' : `${count} Backups`),
    revoke: 'Link widerrufen',
    sure: 'Niemand wird den Link mehr benutzen können, auch Sie nicht. Laufende Downloads können abbrechen.',
    yes: 'Ja, widerrufen',
    no: 'Behalten',
    failed: 'Er konnte nicht widerrufen werden. Versuchen Sie es noch einmal.',
  },

  own: {
    title: 'Über diese Seite',
    whose: provider =>
      `Diese Seite ist Code von ${provider}. Sie ist so gebaut, dass nur lesen kann, wer das Recovery Kit hat; aber wer eine Seite ausliefert, kann sie ändern, und was in eine Seite eingegeben wird, kann sie lesen.`,
    without:
      'Es geht auch ohne sie: mit dem Programm failsafe, oder mit dem Skript oben und den freien Programmen age und zstd. Jede Datei eines Backups ist innen einfach zstd und age.',
  },

  readme: ({ source, when, expires }) => `Wiederherstellung von ${source}, Stand ${when}

1. Kopieren Sie dieses Verzeichnis und Ihr Recovery Kit auf einen Rechner mit curl, age, zstd und sha256sum.
2. Starten Sie:  sh restore.sh recovery-kit.txt restored
   Es fragt nach dem Link. Nach jeder Unterbrechung kann es neu gestartet werden.
3. Die Dateien sind dann im Verzeichnis "restored", jede verglichen mit der Liste, die der gesicherte Rechner gemacht hat.

Der Empfänger bedient diese Wiederherstellung bis ${expires}.
In "manifests" liegen die Dokumente, die der Rechner signiert hat. Die Signaturen prüft nicht das Skript, sondern nur das Programm failsafe.
`,
}
