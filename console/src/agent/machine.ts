// The phone of an agent's page: a pure state machine. `decide` takes what happened and says what to do; it knows no
// SIP stack, no clock and no microphone. Late and repeated events change nothing.

export type Line =
  | { name: 'off' }
  | { name: 'connecting' }
  | { name: 'registered' }
  | { name: 'failed'; trouble: LineTrouble }

/**
 * `refused`: the account is not accepted. `lost`: the connection went and is being made again. `no_account`: the server
 * gave none. `elsewhere`: another page of this browser is the phone; this one waits until that is closed.
 */
export type LineTrouble = 'refused' | 'lost' | 'no_account' | 'elsewhere'

/** Why there is no microphone, as the browser says it. `insecure`: the page was not loaded over https or loopback. */
export type MicrophoneTrouble = 'denied' | 'missing' | 'busy' | 'insecure' | 'unknown'

export type PhoneCall =
  | { name: 'ringing'; id: string; number: string }
  | { name: 'answering'; id: string; number: string }
  | { name: 'talking'; id: string; number: string; since: number }
  | { name: 'ending'; id: string; number: string }

export interface PhoneState {
  line: Line
  call: PhoneCall | null
  microphone: MicrophoneTrouble | null
}

export type PhoneEvent =
  | { kind: 'started' }
  | { kind: 'stopped' }
  | { kind: 'registered' }
  | { kind: 'line.failed'; trouble: LineTrouble }
  | { kind: 'invited'; id: string; number: string; isAnsweredAtOnce: boolean }
  | { kind: 'answer.clicked' }
  | { kind: 'hang-up.clicked' }
  | { kind: 'key.pressed'; key: string }
  | { kind: 'call.confirmed'; id: string; at: number }
  | { kind: 'call.ended'; id: string }
  | { kind: 'microphone.opened' }
  | { kind: 'microphone.failed'; trouble: MicrophoneTrouble }

export type PhoneEffect =
  | { kind: 'register' }
  | { kind: 'unregister' }
  | { kind: 'answer'; id: string }
  | { kind: 'reject'; id: string; status: 480 | 486 | 603 }
  | { kind: 'end'; id: string }
  | { kind: 'send-key'; id: string; key: string }

export type Decision = [PhoneState, PhoneEffect[]]

export const INITIAL: PhoneState = { line: { name: 'off' }, call: null, microphone: null }

const KEY = /^[0-9*#]$/

export function decide(state: PhoneState, event: PhoneEvent): Decision {
  const { line, call } = state
  switch (event.kind) {
    case 'started':
      if (line.name !== 'off' && !isGivenUp(line)) return [state, []]
      return [{ ...state, line: { name: 'connecting' } }, [{ kind: 'register' }]]
    case 'stopped':
      return stop(state)
    case 'registered':
      return line.name === 'off' ? [state, []] : [{ ...state, line: { name: 'registered' } }, []]
    case 'line.failed':
      // A call outlives its connection: the audio goes another way.
      return line.name === 'off' ? [state, []] : [{ ...state, line: { name: 'failed', trouble: event.trouble } }, []]
    case 'invited':
      return invite(state, event)
    case 'answer.clicked':
      if (call?.name !== 'ringing') return [state, []]
      return [withCall(state, { ...call, name: 'answering' }), [{ kind: 'answer', id: call.id }]]
    case 'hang-up.clicked':
      return hangUp(state)
    case 'key.pressed':
      if (call?.name !== 'talking' || !KEY.test(event.key)) return [state, []]
      return [state, [{ kind: 'send-key', id: call.id, key: event.key }]]
    case 'call.confirmed':
      if (call?.id !== event.id || call.name !== 'answering') return [state, []]
      return [withCall(state, { name: 'talking', id: call.id, number: call.number, since: event.at }), []]
    case 'call.ended':
      return call?.id === event.id ? [withCall(state, null), []] : [state, []]
    case 'microphone.opened':
      return [{ ...state, microphone: null }, []]
    case 'microphone.failed':
      return loseMicrophone(state, event.trouble)
  }
}

/** Nothing more happens on such a line by itself: the agent may start it again. */
export function isGivenUp(line: Line): boolean {
  return line.name === 'failed' && (line.trouble === 'refused' || line.trouble === 'no_account')
}

function withCall(state: PhoneState, call: PhoneCall | null): PhoneState {
  return { ...state, call }
}

function stop(state: PhoneState): Decision {
  const effects: PhoneEffect[] = state.call === null ? [] : [{ kind: 'end', id: state.call.id }]
  if (state.line.name !== 'off') effects.push({ kind: 'unregister' })
  return [{ ...state, line: { name: 'off' }, call: null }, effects]
}

function invite(state: PhoneState, event: Extract<PhoneEvent, { kind: 'invited' }>): Decision {
  const { call, microphone } = state
  if (call !== null) {
    // The same call told twice is nothing new; another one finds the phone busy.
    return call.id === event.id ? [state, []] : [state, [{ kind: 'reject', id: event.id, status: 486 }]]
  }
  // Without a microphone the call goes to the next agent.
  if (microphone !== null) return [state, [{ kind: 'reject', id: event.id, status: 480 }]]
  const offered = { id: event.id, number: event.number }
  if (event.isAnsweredAtOnce) {
    return [withCall(state, { name: 'answering', ...offered }), [{ kind: 'answer', id: event.id }]]
  }
  return [withCall(state, { name: 'ringing', ...offered }), []]
}

function hangUp(state: PhoneState): Decision {
  const { call } = state
  if (call === null || call.name === 'ending') return [state, []]
  const ending = withCall(state, { name: 'ending', id: call.id, number: call.number })
  if (call.name === 'ringing') return [ending, [{ kind: 'reject', id: call.id, status: 603 }]]
  return [ending, [{ kind: 'end', id: call.id }]]
}

function loseMicrophone(state: PhoneState, trouble: MicrophoneTrouble): Decision {
  const { call } = state
  const after = { ...state, microphone: trouble }
  if (call?.name !== 'answering') return [after, []]
  return [withCall(after, { name: 'ending', id: call.id, number: call.number }), [{ kind: 'end', id: call.id }]]
}
