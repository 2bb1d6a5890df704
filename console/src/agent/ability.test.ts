import { describe, expect, it } from 'vitest'
import { aCall, anAgent } from '@/live/view.fixtures'
import type { LiveCall } from '@/live/view'
import { listAbilities, listParked, listRinging, listTargets } from './ability'

const OWN = { leg: 'a', label: 'Own', agent_id: 1 }
const OTHER = { leg: 'b', label: 'Other', agent_id: 2 }
const talking = (fields: Partial<LiveCall> = {}): LiveCall => aCall('c', { state: 'talking', participants: [OWN], ...fields })
const recording = { is_on: true, is_paused: false, policy: 'automatic' as const, can_pause: true }

describe('what an agent may do', () => {
  it('is nothing without a call, or in a call that it is not part of', () => {
    for (const call of [undefined, talking({ participants: [OTHER] }), aCall('d', { state: 'offering' })]) {
      const { droppable, ...rights } = listAbilities(call, 1)
      expect([droppable.length, ...Object.values(rights)].some(Boolean)).toBe(false)
    }
  })

  it('is to hold, transfer and park while it alone talks to the customer', () => {
    expect(listAbilities(talking(), 1)).toMatchObject({ mayHold: true, mayTransfer: true, mayPark: true, mayConfer: false })
  })

  it('is to complete, confer or cancel while it consults, and nothing that would lose somebody', () => {
    const ringing = listAbilities(talking({ consult: { mode: 'attended', step: 'ringing', label: '8002' } }), 1)
    expect(ringing).toMatchObject({ mayCancel: true, mayConfer: false, mayHold: false, mayTransfer: false, mayPark: false })
    const answered = listAbilities(talking({ consult: { mode: 'attended', step: 'talking', label: '8002' } }), 1)
    expect(answered).toMatchObject({ mayCancel: true, mayComplete: true, mayConfer: true })
  })

  it('is to drop others from a conference, never itself, and not to transfer', () => {
    const conference = listAbilities(talking({ state: 'conference', participants: [OWN, OTHER] }), 1)
    expect(conference.droppable).toEqual([OTHER])
    expect(conference).toMatchObject({ mayTransfer: false, mayPark: false, mayHold: true })
    expect(listAbilities(talking({ participants: [OTHER, OWN] }), 1).droppable).toEqual([])
  })

  it('is to record as the policy lets it', () => {
    expect(listAbilities(talking({ recording }), 1)).toMatchObject({ mayStopRecording: true, mayPauseRecording: true })
    const forced = listAbilities(talking({ recording: { ...recording, policy: 'forced', can_pause: false } }), 1)
    expect(forced).toMatchObject({ mayStartRecording: false, mayStopRecording: false, mayPauseRecording: false })
    const asked = listAbilities(talking({ recording: { ...recording, is_on: false, policy: 'on_demand' } }), 1)
    expect(asked).toMatchObject({ mayStartRecording: true, mayStopRecording: false, mayPauseRecording: false })
    const paused = listAbilities(talking({ recording: { ...recording, is_paused: true } }), 1)
    expect(paused).toMatchObject({ mayPauseRecording: false, mayResumeRecording: true })
  })
})

describe('who and what is around', () => {
  it('lists parked calls by slot', () => {
    const parked = (id: string, park_slot: string): LiveCall => aCall(id, { state: 'parked', park_slot })
    expect(listParked([parked('x', '10'), parked('y', '2'), talking()]).map((call) => call.park_slot)).toEqual(['2', '10'])
  })

  it('lists colleagues who ring, and targets with the ready ones first', () => {
    const agents = [anAgent(1, { state: 'ringing' }), anAgent(2, { state: 'offline' }), anAgent(3, { state: 'ringing' }), anAgent(4)]
    expect(listRinging(agents, 1).map((agent) => agent.agent_id)).toEqual([3])
    expect(listTargets(agents, 1).map((agent) => agent.agent_id)).toEqual([4, 2, 3])
  })
})
