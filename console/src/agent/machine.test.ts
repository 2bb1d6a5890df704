import { describe, expect, it } from 'vitest'
import { decide, INITIAL, type PhoneEffect, type PhoneEvent, type PhoneState } from './machine'
import { preferPcma } from './sdp'

function play(events: PhoneEvent[], from: PhoneState = INITIAL): { state: PhoneState; effects: PhoneEffect[] } {
  let state = from
  const effects: PhoneEffect[] = []
  for (const event of events) {
    const [after, more] = decide(state, event)
    state = after
    effects.push(...more)
  }
  return { state, effects }
}

const ON: PhoneEvent[] = [{ kind: 'started' }, { kind: 'registered' }]
const INVITED: PhoneEvent = { kind: 'invited', id: 'a', number: '+8613800138000', isAnsweredAtOnce: false }
const TALKING: PhoneEvent[] = [
  ...ON,
  INVITED,
  { kind: 'answer.clicked' },
  { kind: 'call.confirmed', id: 'a', at: 1000 },
]

describe('the line', () => {
  it('registers once, however often it is started', () => {
    const { state, effects } = play([{ kind: 'started' }, { kind: 'started' }, { kind: 'registered' }, { kind: 'started' }])
    expect(state.line).toEqual({ name: 'registered' })
    expect(effects).toEqual([{ kind: 'register' }])
  })

  it('comes back after the connection was lost, without a second start', () => {
    const { state, effects } = play([...ON, { kind: 'line.failed', trouble: 'lost' }, { kind: 'started' }, { kind: 'registered' }])
    expect(state.line).toEqual({ name: 'registered' })
    expect(effects).toEqual([{ kind: 'register' }])
  })

  it('is tried again by the agent after a refusal', () => {
    const { state, effects } = play([{ kind: 'started' }, { kind: 'line.failed', trouble: 'refused' }, { kind: 'started' }])
    expect(state.line).toEqual({ name: 'connecting' })
    expect(effects).toHaveLength(2)
  })

  it('stays off when news of it come late', () => {
    const { state } = play([...ON, { kind: 'stopped' }, { kind: 'registered' }, { kind: 'line.failed', trouble: 'lost' }])
    expect(state).toEqual(INITIAL)
  })

  it('keeps the call when the connection goes', () => {
    const { state, effects } = play([...TALKING, { kind: 'line.failed', trouble: 'lost' }, { kind: 'registered' }])
    expect(state.call?.name).toBe('talking')
    expect(effects.filter((effect) => effect.kind === 'end')).toEqual([])
  })
})

describe('a call', () => {
  it('rings, is answered by a click, talks, and ends', () => {
    const ringing = play([...ON, INVITED])
    expect(ringing.state.call).toEqual({ name: 'ringing', id: 'a', number: '+8613800138000' })
    const talking = play([{ kind: 'answer.clicked' }, { kind: 'answer.clicked' }, { kind: 'call.confirmed', id: 'a', at: 1000 }], ringing.state)
    expect(talking.effects).toEqual([{ kind: 'answer', id: 'a' }])
    expect(talking.state.call).toMatchObject({ name: 'talking', since: 1000 })
    const over = play([{ kind: 'hang-up.clicked' }, { kind: 'hang-up.clicked' }, { kind: 'call.ended', id: 'a' }], talking.state)
    expect(over.effects).toEqual([{ kind: 'end', id: 'a' }])
    expect(over.state.call).toBeNull()
  })

  it('is answered at once when the controller asks for it', () => {
    const { state, effects } = play([...ON, { ...INVITED, isAnsweredAtOnce: true }])
    expect(state.call?.name).toBe('answering')
    expect(effects).toContainEqual({ kind: 'answer', id: 'a' })
  })

  it('is declined', () => {
    const { state, effects } = play([...ON, INVITED, { kind: 'hang-up.clicked' }])
    expect(state.call?.name).toBe('ending')
    expect(effects).toContainEqual({ kind: 'reject', id: 'a', status: 603 })
  })

  it('finds the phone busy when another one is there', () => {
    const { state, effects } = play([...TALKING, { ...INVITED, id: 'b' }])
    expect(state.call?.id).toBe('a')
    expect(effects).toContainEqual({ kind: 'reject', id: 'b', status: 486 })
  })

  it('ends when its microphone fails, and later ones go to other agents', () => {
    const { state, effects } = play([...ON, INVITED, { kind: 'answer.clicked' }, { kind: 'microphone.failed', trouble: 'denied' }])
    expect(effects).toContainEqual({ kind: 'end', id: 'a' })
    const later = play([{ kind: 'call.ended', id: 'a' }, { ...INVITED, id: 'b' }], state)
    expect(later.effects).toEqual([{ kind: 'reject', id: 'b', status: 480 }])
    expect(play([{ kind: 'microphone.opened' }, INVITED], later.state).state.call?.name).toBe('ringing')
  })

  it('ends with the sign-out', () => {
    const { state, effects } = play([...TALKING, { kind: 'stopped' }])
    expect(state).toEqual(INITIAL)
    expect(effects.slice(-2)).toEqual([{ kind: 'end', id: 'a' }, { kind: 'unregister' }])
  })

  it('sends keys only while it talks', () => {
    expect(play([...ON, INVITED, { kind: 'key.pressed', key: '5' }]).effects).toHaveLength(1)
    const { effects } = play([...TALKING, { kind: 'key.pressed', key: '5' }, { kind: 'key.pressed', key: 'x' }])
    expect(effects.slice(-1)).toEqual([{ kind: 'send-key', id: 'a', key: '5' }])
  })

  it('is untouched by news of a call that is gone', () => {
    const { state } = play(TALKING)
    const late: PhoneEvent[] = [
      { kind: 'call.ended', id: 'z' },
      { kind: 'call.confirmed', id: 'z', at: 5 },
      { kind: 'call.confirmed', id: 'a', at: 5 },
      INVITED,
    ]
    expect(play(late, state)).toEqual({ state, effects: [] })
  })
})

describe('the offer', () => {
  it('has PCMA first, when it has it at all', () => {
    expect(preferPcma('v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 126\r\na=x\r\n')).toBe(
      'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8 111 0 126\r\na=x\r\n',
    )
    expect(preferPcma('m=audio 9 RTP/AVP 0 101\r\n')).toBe('m=audio 9 RTP/AVP 0 101\r\n')
  })
})
