import type { FindingKind } from '../../console/survey/finding.ts'
import type { QuietState } from '../../console/survey/survey.ts'
import { common } from '../common/en.ts'

const modes: Record<string, string> = {
  full: 'full backup',
  differential: 'differential backup',
  log: 'log backup',
  any: 'backup',
}
const modeOf = (mode: string | null) => modes[mode ?? 'any'] ?? mode
const sources = (count: number, text: string) => (count === 1 ? '1 source' : `${text} sources`)
const customers = (count: number, text: string) => (count === 1 ? '1 customer' : `${text} customers`)

/** Everything the provider's page says. Another language has the same keys. Counts come twice: as they are, and as they are written. */
export const en = {
  ...common,
  from: (provider: string) => `Console of ${provider}`,
  title: 'Console',
  titles: {
    safe: 'All safe',
    needs: (count: string) => `${count} to look at`,
    unknown: 'Not known',
  },

  noSecret: {
    title: 'The link is not whole',
    why: 'The link of the console has a long part after the sign #. Copy it again, with everything after that sign.',
  },
  ended: {
    title: 'This console is closed',
    why: 'Its link has expired or was ended, or was not copied whole. Nothing else is affected.',
    here: 'The link opens nothing any more, for nobody who has it.',
    again: 'This makes a new one',
  },
  refused: {
    title: 'The receiver refuses',
    codes: {
      throttled: 'Too many requests came at once. Wait a minute.',
      'tenant-suspended': 'This customer is suspended.',
      'not-found': 'There is no such thing any more. Read again.',
    } as Record<string, string>,
  },
  reading: 'Looking at every source …',
  readingSoFar: (count: string) => `${count} so far`,

  answer: {
    nothing: 'Nothing is protected yet',
    nothingWhy: 'As soon as a customer’s host has registered a source, it is shown here.',
    safe: (sources: number, sourcesText: string, customersCount: number, customersText: string) =>
      sources === 1
        ? 'The only source is safe'
        : `All ${sourcesText} sources of ${customers(customersCount, customersText)} are safe`,
    quiet: (safe: string, sources: string) => `${safe} of ${sources} sources are safe, and none needs you`,
    needs: (needs: number, needsText: string, sourcesText: string) =>
      `${needsText} of ${sourcesText} sources ${needs === 1 ? 'needs' : 'need'} you`,
    needsOthers: (others: number, text: string) =>
      others === 1
        ? 'No source needs you, but one other thing does'
        : `No source needs you, but ${text} other things do`,
    andOthers: (others: number, text: string) =>
      others === 1 ? 'So does one thing that belongs to no source.' : `So do ${text} things that belong to no source.`,
    states: (state: QuietState, count: number, text: string) => {
      switch (state) {
        case 'never':
          return `${sources(count, text)} ${count === 1 ? 'has' : 'have'} sent nothing yet`
        case 'suspended':
          return `${sources(count, text)} of suspended customers ${count === 1 ? 'is' : 'are'} not backed up`
        case 'unwatched':
          return `${count === 1 ? 'of 1 source' : `of ${text} sources`} no backup is expected`
      }
    },
    stale: 'Looking again …',
    staleWhy: 'What is below is too old to be believed.',
    failed: 'It is not known whether everybody is safe',
    failedWhy: (when: string) => `The last attempt to look failed. What is below is as of ${when}.`,
    asOf: (when: string) => `As of ${when}, read again every minute.`,
    readingAgain: 'Reading …',
    again: 'Read again now',
    zone: (zone: string) => `Times are in ${zone}.`,
  },

  findings: {
    'agent-silent': () => 'The host does not call any more',
    'run-missed': mode => `A ${modeOf(mode)} never came, and the next one is due`,
    'run-late': mode => `A ${modeOf(mode)} is late`,
    overlooked: () =>
      'A run has been expected for more than a day and nobody told: it is still going on, or the watchdog stands still',
    'run-failing': () => 'Its runs fail, one after the other',
    'proof-failed': () => 'A check found a backup unreadable',
    'chain-broken': () => 'Its logs do not continue one another',
    'commit-stuck': () => 'A backup that was sent cannot be finished',
    'quota-hard': () => 'The hard quota is reached: uploads are refused',
    'quota-soft': () => 'More is stored than the soft quota',
    'recipients-changed': () => 'Its host seals to other recipients than before',
    'schedule-weakened': () => 'Its host asks for fewer runs than before, or than you expect',
    'size-odd': mode => `A ${modeOf(mode)} is of an unusual size`,
    'clock-skew': () => 'A clock of its host is more than ten minutes off',
    'retention-stuck': () => 'Backups past their retention cannot be removed',
    'webhook-failing': () => 'A webhook does not take what it is sent',
    'agent-revoked': () => 'A host was revoked or replaced',
    'key-rotated': () => 'A host signs with a new key',
    'daily-summary': () => 'The day in figures',
    test: () => 'A webhook was tried',
  } satisfies Record<FindingKind, (mode: string | null) => string> as Record<string, (mode: string | null) => string>,

  needs: {
    title: 'To look at',
    others: 'Besides the sources',
    quiet: 'Neither wrong nor safe',
    events: 'Lately',
    eventsWhy: 'What happened in the last three days, is not open, and should be read.',
    since: 'since',
    host: 'Host',
    lastCall: 'Last call',
    lastBackup: 'Last backup received',
    expected: 'Next one expected',
    never: 'never',
    nobody: 'not at all',
    more: 'What the receiver says',
    moreOf: (of: string) => `What the receiver says of ${of}`,
    receiver: 'The receiver itself',
    severities: { critical: 'Critical', warning: 'Warning', info: 'For information' },
    quietStates: {
      never: 'Nothing was received of it yet',
      suspended: 'Its customer is suspended: nothing is taken and nothing is expected',
      unwatched: 'No backup of it is expected: its host has no schedule or was revoked, so that nobody would miss one',
    },
    showMore: (count: string) => `Show ${count} more`,
    shown: (shown: string, all: string) => `${shown} of ${all}`,
  },

  safe: {
    title: (count: number, text: string) => (count === 1 ? '1 safe source' : `${text} safe sources`),
    why: 'Of each of them a backup is there, the next one is expected, and nothing is wrong.',
    search: 'Search by customer, source or host',
    none: 'None matches.',
    source: 'Source',
    customer: 'Customer',
  },

  customers: {
    title: 'Customers',
    search: 'Search customers',
    none: 'None matches.',
    noneYet: 'There is no customer yet. This adds one',
    suspended: (when: string) => `suspended since ${when}`,
    suspendedWhy: (when: string, reason: string) => `suspended since ${when}: ${reason}`,
    sources: (count: number, text: string) => sources(count, text),
    needs: (count: number, text: string) => (count === 1 ? '1 needs you' : `${text} need you`),
    stored: (bytes: string) => `${bytes} stored`,
    notMeasured: 'nothing measured yet',
    manage: 'Links and tokens',
    manageOf: (customer: string) => `Links and tokens of ${customer}`,
    token: 'Make an enrol token',
    link: 'Make a restore link',
    noSource: 'A restore link needs a source, and there is none yet.',
    links: 'Restore links that have not expired',
    noLinks: 'There is none.',
    loading: 'Reading …',
  },

  token: {
    title: (customer: string) => `An enrol token for ${customer}`,
    why: 'With it one host enrols, once. Whoever has it can do so: hand it over on another way than the mail with the address takes.',
    expires: 'Good for',
    place: 'For',
    newHost: 'a new host',
    instead: (host: string) => `a host that takes the place of ${host}`,
    insteadWhy:
      'The new host gets its sources and backups, and the old one is revoked at the moment that the token is used.',
    make: 'Make it',
    made: (customer: string) => `The token for ${customer}`,
    once: (when: string) => `It is shown this once, and good until ${when}.`,
    token: 'Enrol token',
    command: 'Command for the customer’s server',
    commandWhy: 'Or all of it as one command for the customer’s server:',
  },

  link: {
    title: (customer: string) => `A restore link for ${customer}`,
    why: 'Its holder can fetch what it names. It is sealed: only the customer’s recovery kit opens it.',
    source: 'Source',
    expires: 'Good for',
    uses: 'Restores that it allows',
    usesHelp: 'Leave it empty for no limit.',
    passcode: 'Passcode',
    passcodeHelp:
      'May be left out. Tell it another way than the link, by telephone for instance: sent together they protect nothing. 4 to 100 letters, digits and signs of ASCII.',
    since: 'Moments from',
    until: 'Moments until',
    momentsHelp: (zone: string) =>
      `On the clock of the backed up machine, written here in ${zone}. Leave them empty for all.`,
    addresses: 'Only from these addresses',
    addressesHelp: 'Such as 192.0.2.7 or 2001:db8::/32, with spaces between. Leave it empty for everywhere.',
    limits: 'Limit it further',
    never: 'There is no such time: the clocks were put forward over it.',
    order: 'The first moment is later than the last one.',
    make: 'Make it',
    made: (source: string) => `The restore link for ${source}`,
    once: (when: string) => `It is shown this once, and good until ${when}.`,
    link: 'Restore link',
    tellPasscode: 'Tell the passcode another way than you send the link.',
    name: (name: string) => `In the list and in the audit it is called ${name}.`,
  },

  links: {
    name: 'Name',
    state: 'State',
    ends: 'Ends',
    used: 'Used',
    usedOf: (used: string, all: string | null) => (all === null ? `${used}, no limit` : `${used} of ${all}`),
    limits: 'Limited to',
    madeBy: 'Made by',
    provider: 'the provider',
    host: 'its host',
    states: { good: 'good', 'used-up': 'used up', locked: 'locked by wrong passcodes', revoked: 'revoked' },
    since: (when: string) => `moments from ${when}`,
    until: (when: string) => `moments until ${when}`,
    units: (units: string) => `units ${units}`,
    snapshots: (count: number) => (count === 1 ? 'one backup' : `${count} backups`),
    addresses: (addresses: string) => `addresses ${addresses}`,
    passcode: 'who knows a passcode',
    revoke: 'Revoke',
    revokeOf: (name: string) => `Revoke ${name}`,
    sure: (name: string, source: string) => `Revoke the link ${name} for ${source}?`,
    sureWhy: 'Nobody will be able to use it again. Downloads that go on may break off.',
    yes: 'Yes, revoke it',
    no: 'Keep it',
    revoked: (name: string) => `${name} is revoked.`,
  },

  usage: {
    title: 'Usage',
    month: 'Month',
    why: 'As last measured: once a day. Complete for a month from the second day of the next.',
    loading: 'Reading …',
    none: 'Nothing was measured in this month.',
    customer: 'Customer',
    gbMonths: 'GB-months',
    stored: 'Stored',
    peak: 'Peak',
    uploaded: 'Uploaded',
    downloaded: 'Downloaded',
    restores: 'Restores',
    total: 'All',
    sourcesOf: (customer: string) => `Sources of ${customer}`,
    csvCustomers: 'Download as CSV: customers',
    csvSources: 'Download as CSV: sources',
  },

  session: {
    title: 'This session',
    receiver: 'Receiver',
    by: 'Opened by',
    since: 'Opened',
    ends: 'Ends',
    end: 'End the session',
    sure: 'End the session?',
    sureWhy: 'The link stops working at once, for everybody who has it. What was made with it stays.',
    yes: 'Yes, end it',
    no: 'Keep it open',
  },
}

export type ConsoleTexts = typeof en
