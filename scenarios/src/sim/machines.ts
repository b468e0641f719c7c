/**
 * What the state machines of clients and broker can meet: for each event the states in which it may come, as far as the
 * simulation should bring it about. Left out is what the code makes impossible (an answer that was never asked for), and
 * what needs more than there is: topics that are deleted, records that are too large, members with a name of their own.
 */
const machines: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  member: {
    start: ['idle'],
    rejoin: ['stable'],
    // Answers that come when the member has gone on are told too, and fall away.
    joined: ['joining', 'idle'],
    synced: ['syncing'],
    heartbeatAcknowledged: ['stable', 'revoking', 'joining', 'syncing', 'idle'],
    revoked: ['revoking', 'stable', 'joining', 'syncing', 'backingOff', 'idle'],
    'refused join': ['joining', 'idle'],
    'refused sync': ['syncing', 'idle'],
    'refused heartbeat': ['stable', 'revoking', 'joining', 'syncing', 'backingOff', 'idle'],
    'refused commit': ['stable', 'revoking', 'syncing'],
    tick: ['stable', 'revoking', 'backingOff'],
    leave: ['stable', 'revoking', 'joining', 'syncing', 'backingOff', 'idle'],
  },
  batch: {
    send: ['waiting', 'undecided', 'refused'],
    stored: ['inFlight', 'inFlightAgain', 'givenUpInFlight'],
    unanswered: ['inFlight', 'inFlightAgain', 'givenUpInFlight'],
    unsent: ['inFlight', 'inFlightAgain', 'givenUpInFlight'],
    'refused: refresh': ['inFlight', 'inFlightAgain', 'givenUpInFlight'],
    'refused: retry': ['inFlight', 'inFlightAgain'],
    // What came before a first attempt has gone first; only a broker that forgets its producers refuses one.
    'refused: sequence': ['inFlightAgain', 'givenUpInFlight'],
    expire: ['waiting', 'inFlight', 'inFlightAgain', 'undecided', 'refused'],
  },
  fetch: {
    answer: ['hungry', 'buffered', 'paused', 'revoking'],
    'unwanted answer': ['hungry', 'buffered', 'paused', 'revoking'],
    unanswered: ['hungry', 'buffered', 'paused', 'revoking'],
    'refused: refresh': ['hungry', 'buffered', 'paused', 'revoking'],
    'refused: fail': ['hungry', 'buffered', 'paused'],
  },
  group: {
    join: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
    sync: ['CompletingRebalance', 'Stable', 'PreparingRebalance', 'Empty'],
    heartbeat: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
    leave: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
    hangup: ['PreparingRebalance', 'CompletingRebalance'],
    tick: ['PreparingRebalance', 'CompletingRebalance', 'Stable', 'Empty'],
  },
}

/** Each pair as `machine/state/event`. */
export function possiblePairs(): string[] {
  return Object.entries(machines).flatMap(([machine, events]) =>
    Object.entries(events).flatMap(([event, states]) =>
      states.map((state) => `${machine}/${state}/${event}`),
    ),
  )
}
