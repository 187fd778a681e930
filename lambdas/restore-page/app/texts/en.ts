import type { GapReason } from '../moments/gap-reason.ts'
import type { OpeningCode } from '../opening/opening-error.ts'
import type { Step } from '../ways/steps.ts'
import { common } from './common/en.ts'

/** Everything the page says. Another language has the same keys. */
export const en = {
  ...common,
  title: (source: string) => `Restore ${source}`,
  titleAlone: 'Restore a backup',
  from: (provider: string) => `Backups by ${provider}`,
  loading: 'Looking up what can be restored …',
  loadingMore: 'Reading older backups …',
  reload: 'Load the page again',

  ended: {
    title: 'This link can no longer be used',
    why: 'It has expired, was used up or revoked, or was not copied whole. The backups themselves are not affected.',
    ask: 'Whoever sent it can make a new one.',
  },
  revoked: {
    title: 'The link is revoked',
    why: 'Nobody can use it any more. The backups themselves are not affected.',
  },
  noSecret: {
    title: 'The link is not whole',
    why: 'A restore link has a long part after the sign #. Copy it again, with everything after that sign.',
  },
  refused: {
    title: 'The receiver refuses',
    codes: {
      'address-refused': 'This link may not be used from the network address of this computer.',
      'tenant-suspended': 'The account is suspended. The backups are kept.',
      'quota-exceeded': 'As much as this link allows was already fetched.',
      throttled: 'Too many requests came at once. Wait a minute.',
      'not-found': 'What this link is for is no longer there.',
      'not-restorable': 'That moment cannot be restored.',
      'out-of-scope': 'The link does not cover that.',
    } as Record<string, string>,
  },

  passcode: {
    title: 'This link needs a passcode',
    why: 'Whoever sent you the link has told it to you another way: by telephone, for instance.',
    label: 'Passcode',
    go: 'Go on',
    wrong: 'That passcode is wrong. After ten wrong ones the link is locked.',
  },

  answer: {
    any: (source: string) => ({ before: 'You can restore ', source, after: ' to any moment between ' }),
    and: ' and ',
    end: '.',
    moments: (source: string, count: string) => ({
      before: 'You can restore ',
      source,
      after: ` as it was at ${count} moments, the last one `,
    }),
    one: (source: string) => ({ before: 'You can restore ', source, after: ' as it was ' }),
    none: (source: string) => ({ before: 'There is no backup of ', source, after: ' yet.' }),
    noneWhy: 'As soon as the first backup is complete, it is offered here.',
    noneTogether: (source: string) => ({
      before: 'There is no moment to which all chosen parts of ',
      source,
      after: ' can be restored together.',
    }),
    noneTogetherWhy: 'Choose fewer of them below.',
    gaps: (count: number) => (count === 1 ? 'Except for one gap:' : `Except for ${count} gaps:`),
    moreGaps: (count: number) => `${count} more gaps`,
    lastFailed: 'The last backup run failed',
    unproven: 'No backup of this source was proven by a verify or a drill yet.',
  },
  gap: {
    reason: (reason: GapReason) => {
      switch (reason.kind) {
        case 'missing':
          return 'a log backup is missing'
        case 'bad':
          return 'a log backup was found damaged'
        case 'anew':
          return 'the database began a new log history'
        case 'nothing-after':
          return 'no log was backed up in that time'
        case 'other':
          return reason.text
      }
    },
    of: (unit: string, reason: string) => `${unit}: ${reason}`,
    units: (count: string) => `${count} units`,
    span: (from: string, to: string, reason: string) => `From ${from} to ${to}: ${reason}.`,
    title: 'This moment cannot be restored',
    before: 'There is nothing from before the first backup.',
    after: 'Nothing was backed up since then yet.',
    between: 'There is no backup of this very moment.',
    toBefore: (when: string) => `Take ${when}, before it`,
    toAfter: (when: string) => `Take ${when}, after it`,
  },

  units: {
    title: 'What to restore',
    all: 'Everything',
    some: 'Only some of it',
    filter: 'Filter',
    chosen: (count: number, all: number) => `${count} of ${all} chosen`,
    none: 'Choose at least one.',
  },

  choose: {
    title: 'Choose a moment',
    latest: 'Latest',
    day: 'Day',
    calendar: 'Backups of the last 90 days, one cell for each day',
    cell: (day: string, state: string, backups: string) => `${day}: ${state}, ${backups}`,
    backups: (count: number) => (count === 1 ? '1 backup' : `${count} backups`),
    states: { proven: 'proven', stored: 'stored', warning: 'warning', missed: 'missed', none: 'no backup' },
    explain: {
      proven: 'backed up, and tested since',
      stored: 'backed up and intact when stored',
      warning: 'backed up, with a warning or a failed run',
      missed: 'no backup, though one was due',
      none: 'none was due',
    },
    table: 'Days as a table',
    columns: { day: 'Day', state: 'State', backups: 'Backups' },
    earlier: 'Earlier',
    later: 'Later',
    timeline: (day: string) => `Timeline of ${day}`,
    point: 'Moment to restore',
    hint: 'Drag, or use the arrow keys: ← → a minute, Page ↑ ↓ the next backup.',
    gapLegend: 'cannot be restored',
    rangeLegend: 'can be restored',
    tickLegend: 'a backup',
    previous: 'Previous backup',
    next: 'Next backup',
    exact: 'Exact time',
    exactHelp: (zone: string) => `As 2026-11-05 14:10:00, in ${zone}; or with an offset, as 2026-11-05T13:10:00Z.`,
    take: 'Take this time',
    zone: 'Times in',
    unreadable: 'This is not a time. Write it as 2026-11-05 14:10:00.',
    never: 'There is no such time: the clocks were put forward over it.',
    twice: 'This time came twice, as the clocks were put back. Which one?',
    chosen: 'Chosen moment',
    position: 'Position',
    between: (from: string, to: string) => `between ${from} and ${to}`,
    snapshots: 'Backups that this link is for',
  },

  chain: {
    title: 'What it is put together from',
    of: (count: string) => `${count} backups, applied in this order`,
    kind: 'Kind',
    kinds: { full: 'full', differential: 'differential', log: 'log' } as Record<string, string>,
    received: 'Received',
    size: 'Stored size',
    proof: 'Checked',
    locked: 'Locked until',
    proven: 'proven',
    stored: 'intact when stored',
    doubtful: 'a check found it damaged',
    hidden: (count: string) => `${count} more`,
    show: 'Show all',
    loading: 'Working out what is needed …',
  },

  before: {
    title: 'Before you download',
    download: 'To download',
    content: 'Restored size',
    files: 'Files',
    machine: 'From',
    version: 'Version',
    cost: (provider: string) => `Cost for ${provider}`,
    costNote: 'transfer out of the cloud, estimated',
    time: 'Time',
    assumed: (slow: string, fast: string) => `about ${slow} at 100 Mbit/s, ${fast} at 1 Gbit/s`,
    measured: (time: string, speed: string) => `about ${time} at the ${speed}/s measured here`,
    counting: (number: string) => `${number} so far`,
  },

  ways: {
    title: 'Three ways to restore',
    command: 'With the program, in one line',
    commandWhy:
      'Best for whole servers. It checks who made the backup, writes the files into a new directory and can load them into a server.',
    commandNeeds: (provider: string) =>
      `The program failsafe is one file; get it from ${provider}. Have the recovery kit beside it.`,
    commandSecret: 'The line holds the secret of this link: whoever has it can fetch this backup, but not open it.',
    commandUnits: 'The program restores everything; what was chosen above counts for this page only.',
    unix: 'Linux',
    windows: 'Windows',
    browser: 'Here, in the browser',
    browserWhy: 'Best for single files. They are fetched sealed, and opened and checked on this computer.',
    bundle: 'With a script, without this product',
    bundleWhy:
      'A small archive with the signed manifests and a script that needs only curl, age, zstd and sha256sum. It asks for the link when it runs.',
    bundleMake: 'Make the archive',
    bundleMaking: 'Making the archive …',
    bundleDone: (name: string, when: string) => `${name} is saved. The receiver serves it until ${when}.`,
    bundleProof: 'The script proves that nothing was damaged. Who made the backup is proved by the program only.',
    uses: 'This uses the link once.',
    usesLast: 'This uses the link for the last time. It then goes on in this tab only.',
    usesAgain: 'This restore was counted already: to open it again in this tab uses the link no more.',
    usesNone: 'The link is used up. Only what was opened in this tab before can be opened again.',
  },

  kit: {
    title: 'Recovery kit',
    never: 'It never leaves this page: it is held in the memory of this tab, and sent nowhere.',
    code: (provider: string) =>
      `But this page is code of ${provider}. Who does not want to trust it uses the program or the script: both read the kit on your own machine only.`,
    sealed:
      'Names of files are sealed. Until the kit is given, nobody sees more than units, times and sizes, the provider neither.',
    paste: 'Paste the recovery kit, or drop the file here',
    file: 'Choose the file',
    open: 'Open the backup',
    opening: 'Fetching and opening the lists of files …',
    trust: 'Fingerprint of the machine’s key, if you believe it',
    trustHelp:
      'As enrol or rotate-key printed it on that machine. Compare it there, and not only with what stands above.',
    forget: 'Forget the kit',
    empty: 'Paste or choose the recovery kit first.',
  },

  files: {
    title: (count: string) => `${count} files`,
    filter: 'Filter files',
    name: 'File',
    unit: 'Unit',
    size: 'Size',
    action: 'Action',
    get: 'Download',
    getFile: (file: string) => `Download ${file}`,
    shown: (shown: string, all: string) => `${shown} of ${all} files`,
    more: 'Show more',
    none: 'No file matches.',
    all: (bytes: string) => `Download all of it (${bytes})`,
    matching: (count: string, bytes: string) => `Download these ${count} files (${bytes})`,
    running: (file: string, done: string, all: string) => `${file}: ${done} of ${all}`,
    progress: (file: string) => `Progress of ${file}`,
    total: (files: string, all: string) => `${files} of ${all} files saved`,
    done: (file: string) => `${file} is saved; every byte was compared with the signed index.`,
    allDone: (count: string) => `All ${count} files are saved; every byte was compared with the signed index.`,
    refused: 'Nothing was saved: the browser was told not to.',
    stop: 'Stop',
    stopped: 'Stopped. What is there of the file is not whole.',
  },

  problems: {
    'identity-invalid': [
      'This is no recovery kit',
      'It has no line that begins with AGE-SECRET-KEY-1. Give the file that was written when the first server was enrolled.',
    ],
    'identity-does-not-open': [
      'This kit does not open the backup',
      'It is the kit of another account, or an older one. Nothing is damaged. Try your other kits.',
    ],
    'manifest-untrusted': [
      'The signature is not one that the kit vouches for',
      'Nothing was opened. Ask whoever keeps the kit which machine made this backup; the program failsafe shows the fingerprint and can be told to trust it.',
    ],
    'index-damaged': [
      'The list of files is damaged',
      'It is not what was backed up. Take another moment, and tell your provider.',
    ],
    'artefact-damaged': [
      'The file is damaged',
      'It is not what was backed up, so it was not saved as whole. Delete what is there of it, take another moment, and tell your provider.',
    ],
    'pack-damaged': [
      'A stored object is damaged',
      'It is not what was backed up. Take another moment, and tell your provider.',
    ],
    network: [
      'The connection broke',
      'It was tried several times. What is saved is kept; go on when the network is back.',
    ],
    outdated: [
      'This page is out of date',
      'Your provider has put a newer version in place since it was loaded. Load it again: the moment that you chose is kept, the recovery kit has to be given again.',
    ],
    'link-invalid': ['The link has ended', 'It expired, was used up or revoked meanwhile.'],
    'quota-exceeded': [
      'As much as this link allows was already fetched',
      'Whoever sent it can make a new one. Every time that a backup is opened anew counts, also after the page was loaded again.',
    ],
    'passcode-wrong': ['The passcode is no longer accepted', 'Load the page again and give it anew.'],
    'not-restorable': ['That moment cannot be restored any more', 'Choose another one above.'],
    refused: ['The receiver refuses', 'Try again in a minute.'],
    saving: ['The file could not be written', 'Look for room on the disk, and try again.'],
  } satisfies Record<OpeningCode | 'saving', [string, string]> as Record<OpeningCode | 'saving', [string, string]>,
  reason: (why: string) => `Reason: ${why}`,

  steps: {
    title: 'What to do then',
    intro: (source: string, when: string) =>
      `For ${source}, as of ${when}, in the directory that the files were restored to:`,
    latest: 'the state of the chosen backup',
    program:
      'The program writes the same, with exact positions, into RESTORE.md beside the files. With --apply it does it by itself.',
    say: (step: Step['kind'], about: { engine: string; version: string; source: string; when: string }) => {
      switch (step) {
        case 'prepare-target':
          return `Take a machine with ${about.version} or a later version. Never restore over the server that is running.`
        case 'load':
          return 'Load the files of the full backup, with a client that logs in as an administrator. The order is: accounts, definitions, databases, tables, rows, routines, views, triggers, rights, events.'
        case 'logs':
          return `Replay the logs up to ${about.when}, all files in one call. The names of the files are known once the backup is opened; RESTORE.md has exact positions.`
        case 'unpack':
          return 'Unpack the copy of the data files.'
        case 'bring-together':
          return 'Bring all files to one moment. Each call must end with “completed OK!”.'
        case 'copy-back':
          return 'With the server stopped, as root: put the files in place and start it.'
        case 'own-tools':
          return `What was restored is what the tools of ${about.engine} read: copy it to the machine and restore it there with them, full backup first, then differential, then logs in their order, up to ${about.when}.`
        case 'check':
          return `Look whether ${about.source} is what you expect before anybody uses it, and take a new full backup.`
      }
    },
  },

  proof: {
    title: 'Proof',
    signers: 'Signed by',
    signersLater: 'Who signed is proved with the key in your recovery kit, once the backup is opened.',
    vouched: 'your recovery kit vouches for it',
    notVouched: 'no kit vouches for it',
    checks: 'Last check',
    check: (method: string, level: string, outcome: string) => `${method}, ${level}: ${outcome}`,
    methods: { verify: 'verify', drill: 'drill' } as Record<string, string>,
    levels: {
      stored: 'hashes and signature compared',
      kit: 'list of files opened with a kit',
      opened: 'every file opened',
      restored: 'loaded into a server',
    } as Record<string, string>,
    outcomes: { passed: 'passed', failed: 'failed' } as Record<string, string>,
    noChecks: 'none was recorded for these backups',
    hashes: 'Hashes',
    hashesWhy:
      'The store compared every part with a SHA-256 when it took it; your computer compares every file again after opening it.',
    snapshots: 'Backups by number',
    uses: 'Who used this link',
    made: (by: string) => `Made by ${by}`,
    noUses: 'Nobody yet.',
    use: (what: string, address: string, count: number) =>
      `${what}, from ${address}, ${count === 1 ? '1 backup' : `${count} backups`}`,
    latest: 'the latest state',
    snapshot: (id: string) => `backup ${id}`,
    moment: (when: string) => `the state of ${when}`,
    incomplete: 'Older uses may be missing.',
    unknown: 'unknown address',
  },

  link: {
    title: 'This link',
    expires: 'Ends',
    left: 'Uses left',
    unlimited: 'no limit',
    limited: 'Limited to',
    since: (when: string) => `moments from ${when}`,
    until: (when: string) => `moments until ${when}`,
    units: (units: string) => `units ${units}`,
    snapshots: (count: number) => (count === 1 ? 'one backup' : `${count} backups`),
    revoke: 'Revoke this link',
    sure: 'Nobody will be able to use the link again, you neither. Downloads that go on may break off.',
    yes: 'Yes, revoke it',
    no: 'Keep it',
    failed: 'It could not be revoked. Try again.',
  },

  own: {
    title: 'About this page',
    whose: (provider: string) =>
      `This page is code of ${provider}. It is built so that nobody but the holder of the recovery kit can read a backup; but a page can be changed by whoever serves it, and what is typed into a page can be read by it.`,
    without:
      'You can restore without it: with the program failsafe, or with the script above and the free programs age and zstd. Every file of a backup is plain zstd and age inside.',
  },

  readme: (about: { source: string; when: string; expires: string }) => `Restore of ${about.source}, as of ${about.when}

1. Copy this directory and your recovery kit to a machine with curl, age, zstd and sha256sum.
2. Run:  sh restore.sh recovery-kit.txt restored
   It asks for the restore link. It can be started again after any interruption.
3. The files are then in the directory "restored", each compared with the list that the backed up machine made.

The receiver serves this restore until ${about.expires}.
In "manifests" are the documents that the machine signed. The script does not check the signatures: only the program failsafe does.
`,
}

export type Texts = typeof en
