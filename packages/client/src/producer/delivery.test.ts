import assert from 'node:assert/strict'
import test from 'node:test'
import type { BatchEvent, BatchState, Refusal } from './delivery.ts'
import { decide, eventOfRefusal, isInDoubt, isInFlight } from './delivery.ts'

const states: BatchState[] = [
  'waiting',
  'refused',
  'undecided',
  'astray',
  'inFlight',
  'inFlightAgain',
  'inFlightUndecided',
  'inFlightAstray',
  'givenUpInFlight',
  'settled',
]

/** Every state and event, word by word; a pair that is missing here must be missing there. */
const transcript = `
waiting send -> inFlight
waiting expired -> settled fail
waiting abandoned -> settled fail
refused send -> inFlightAgain
refused expired -> settled fail gap
refused abandoned -> settled fail gap
refused renumbered -> refused
undecided send -> inFlightUndecided
undecided expired -> settled fail gap
undecided abandoned -> settled fail gap
undecided renumbered -> refused
undecided disowned -> settled failInDoubt
astray send -> inFlightAstray
astray expired -> settled fail gap
astray abandoned -> settled fail gap
astray renumbered -> refused
astray disowned -> settled failInDoubt
inFlight stored -> settled succeed
inFlight unsent -> refused wait
inFlight unanswered -> astray wait
inFlight unnamed -> undecided wait
inFlight putOff -> undecided wait
inFlight turnedAway -> refused wait
inFlight outOfSequence -> refused gap wait
inFlight outOfTurn -> refused wait
inFlight stateLost -> refused gap wait
inFlight tooLarge -> refused split
inFlight rejected -> settled fail gap
inFlight exhausted -> settled fail gap
inFlight expired -> givenUpInFlight fail
inFlight abandoned -> givenUpInFlight fail
inFlightAgain stored -> settled succeed
inFlightAgain unsent -> refused wait
inFlightAgain unanswered -> astray wait
inFlightAgain unnamed -> undecided wait
inFlightAgain putOff -> undecided wait
inFlightAgain turnedAway -> refused wait
inFlightAgain outOfSequence -> refused gap wait
inFlightAgain outOfTurn -> refused wait
inFlightAgain stateLost -> refused gap wait
inFlightAgain tooLarge -> refused split
inFlightAgain rejected -> settled fail gap
inFlightAgain exhausted -> settled fail gap
inFlightAgain expired -> givenUpInFlight fail
inFlightAgain abandoned -> givenUpInFlight fail
inFlightUndecided stored -> settled succeed
inFlightUndecided unsent -> undecided wait
inFlightUndecided unanswered -> astray wait
inFlightUndecided unnamed -> undecided wait
inFlightUndecided putOff -> undecided wait
inFlightUndecided turnedAway -> undecided wait
inFlightUndecided outOfSequence -> refused gap wait
inFlightUndecided outOfTurn -> refused wait
inFlightUndecided stateLost -> settled failInDoubt gap
inFlightUndecided tooLarge -> astray split
inFlightUndecided rejected -> settled failInDoubt gap
inFlightUndecided exhausted -> settled failInDoubt gap
inFlightUndecided expired -> givenUpInFlight fail
inFlightUndecided abandoned -> givenUpInFlight fail
inFlightAstray stored -> settled succeed
inFlightAstray unsent -> astray wait
inFlightAstray unanswered -> astray wait
inFlightAstray unnamed -> astray wait
inFlightAstray putOff -> astray wait
inFlightAstray turnedAway -> astray wait
inFlightAstray outOfSequence -> settled failInDoubt gap
inFlightAstray outOfTurn -> settled failInDoubt gap
inFlightAstray stateLost -> settled failInDoubt gap
inFlightAstray tooLarge -> astray split
inFlightAstray rejected -> settled failInDoubt gap
inFlightAstray exhausted -> settled failInDoubt gap
inFlightAstray expired -> givenUpInFlight fail
inFlightAstray abandoned -> givenUpInFlight fail
givenUpInFlight stored -> settled
givenUpInFlight unsent -> settled gap
givenUpInFlight unanswered -> settled gap
givenUpInFlight unnamed -> settled gap
givenUpInFlight putOff -> settled gap
givenUpInFlight turnedAway -> settled gap
givenUpInFlight outOfSequence -> settled gap
givenUpInFlight outOfTurn -> settled gap
givenUpInFlight stateLost -> settled gap
givenUpInFlight tooLarge -> settled gap
givenUpInFlight rejected -> settled gap
givenUpInFlight exhausted -> settled gap
`

const events: BatchEvent[] = [
  'send',
  'stored',
  'unsent',
  'unanswered',
  'unnamed',
  'putOff',
  'turnedAway',
  'outOfSequence',
  'outOfTurn',
  'stateLost',
  'tooLarge',
  'rejected',
  'exhausted',
  'expired',
  'abandoned',
  'renumbered',
  'disowned',
]

test('what becomes of a batch, in every state and on every event', () => {
  const lines = states.flatMap((state) =>
    events.flatMap((event) => {
      const step = decide(state, event)
      return step ? [[state, event, '->', step.next, ...step.effects].join(' ')] : []
    }),
  )
  assert.deepEqual(lines, transcript.trim().split('\n'))
})

test('no batch gets an outcome twice, and none is settled without one', () => {
  for (const state of states)
    for (const event of events) {
      const step = decide(state, event)
      if (!step) continue
      const outcomes = step.effects.filter((effect) => /^(succeed|fail|failInDoubt)$/.test(effect)).length
      const isOver = (each: BatchState) => each === 'settled' || each === 'givenUpInFlight'
      assert.equal(outcomes, Number(isOver(step.next) && !isOver(state)), `${state} ${event}`)
    }
})

test('a batch in doubt is given another number only where the broker has looked at it, or what came before is missing', () => {
  for (const state of states.filter(isInDoubt))
    for (const event of events) {
      const step = decide(state, event)
      if (!step || step.next === 'settled' || step.next === 'givenUpInFlight' || isInDoubt(step.next))
        continue
      assert.ok(['outOfSequence', 'outOfTurn', 'renumbered'].includes(event), `${state} ${event}`)
      assert.ok(event === 'renumbered' || state === 'inFlightUndecided', `${state} ${event}`)
    }
})

test('only what is in flight has an answer, and only what is not is sent', () => {
  for (const state of states) {
    assert.equal(decide(state, 'send') !== undefined, !isInFlight(state) && state !== 'settled', state)
    for (const event of events.slice(1, 13))
      assert.equal(decide(state, event) !== undefined, isInFlight(state), `${state} ${event}`)
  }
})

test('what a refusal means', () => {
  const plain: Refusal = {
    action: 'retry',
    mayBeAppended: true,
    isExhausted: false,
    isFirst: true,
    isDivisible: true,
    isStateLost: false,
  }
  const cases: [Partial<Refusal>, BatchEvent][] = [
    [{}, 'putOff'],
    [{ action: 'refresh' }, 'putOff'],
    [{ mayBeAppended: false }, 'turnedAway'],
    [{ isExhausted: true }, 'exhausted'],
    [{ action: 'success' }, 'stored'],
    [{ action: 'success', isExhausted: true }, 'stored'],
    [{ action: 'split' }, 'tooLarge'],
    [{ action: 'split', isExhausted: true }, 'tooLarge'],
    [{ action: 'split', isDivisible: false }, 'rejected'],
    [{ action: 'sequence' }, 'outOfSequence'],
    [{ action: 'sequence', isFirst: false }, 'outOfTurn'],
    [{ action: 'sequence', isStateLost: true }, 'stateLost'],
    [{ action: 'sequence', isExhausted: true }, 'exhausted'],
    [{ action: 'fail' }, 'rejected'],
    [{ action: 'recoordinate' }, 'rejected'],
  ]
  for (const [given, event] of cases)
    assert.equal(eventOfRefusal({ ...plain, ...given }), event, JSON.stringify(given))
})
