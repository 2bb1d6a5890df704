import { describe, expect, it } from 'vitest'
import { applyEvent, EMPTY, findCallOf, fromSnapshot, type LiveEvent, type Snapshot, type View } from './view'
import { aCall, anAgent, aQueue, expectSameView } from './view.fixtures'

const SNAPSHOT: Snapshot = {
  kind: 'snapshot',
  seq: 0,
  agents: [anAgent(1), anAgent(2)],
  calls: [aCall('a', { agent_id: 1, agent_ids: [1], state: 'talking' })],
  queues: [aQueue(7)],
}

function play(view: View, ...events: LiveEvent[]): View {
  return events.reduce((now, event) => {
    const next = applyEvent(now, event)
    if (next === null) throw new Error(`gap before ${event.seq}`)
    return next
  }, view)
}

describe('live view', () => {
  it('equals the later snapshot after the events in between', () => {
    const ringing = anAgent(2, { state: 'ringing', call_id: 'b' })
    const offered = aCall('b', { state: 'offering', agent_id: 2 })
    const busy = aQueue(7, { waiting: 1, ready_agents: 0 })
    const view = play(
      fromSnapshot(SNAPSHOT),
      { seq: 1, tenant_id: 3, kind: 'call.changed', call: aCall('b') },
      { seq: 2, tenant_id: 3, kind: 'queue.changed', queue: busy },
      { seq: 3, tenant_id: 3, kind: 'call.changed', call: offered },
      { seq: 4, tenant_id: 3, kind: 'agent.changed', agent: ringing },
      { seq: 5, tenant_id: 3, kind: 'call.ended', call: aCall('a', { state: 'ended' }) },
    )
    expectSameView(view, {
      kind: 'snapshot',
      seq: 5,
      agents: [ringing, anAgent(1)],
      calls: [offered],
      queues: [busy],
    })
  })

  it('asks for a new snapshot when an event is missing', () => {
    const late: LiveEvent = { seq: 2, tenant_id: 3, kind: 'agent.changed', agent: anAgent(1) }
    expect(applyEvent(fromSnapshot(SNAPSHOT), late)).toBeNull()
  })

  it('does nothing for an event that it holds already', () => {
    const view = play(EMPTY, { seq: 1, tenant_id: 3, kind: 'call.changed', call: aCall('b') })
    expect(applyEvent(view, { seq: 1, tenant_id: 3, kind: 'call.ended', call: aCall('b') })).toBe(view)
  })

  it('counts events of kinds it does not know', () => {
    const unknown = { seq: 1, tenant_id: 3, kind: 'campaign.changed' } as unknown as LiveEvent
    expectSameView(play(fromSnapshot(SNAPSHOT), unknown), { ...SNAPSHOT, seq: 1 })
  })

  it('leaves the view it came from as it was', () => {
    const before = fromSnapshot(SNAPSHOT)
    play(before, { seq: 1, tenant_id: 3, kind: 'call.ended', call: aCall('a') })
    expectSameView(before, SNAPSHOT)
  })

  it("finds an agent's call, and lets go of one that went to somebody else", () => {
    const view = fromSnapshot(SNAPSHOT)
    expect(findCallOf(view, 1)?.call_id).toBe('a')
    expect(findCallOf(view, 2)).toBeUndefined()
    const parked = fromSnapshot({ ...SNAPSHOT, calls: [aCall('a', { agent_id: 1, state: 'parked', park_slot: '1' })] })
    expect(findCallOf(parked, 1)).toBeUndefined()
  })
})
