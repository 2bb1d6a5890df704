/** For tests: live objects with the fields that matter, and the one check that a view equals a snapshot. */
import { expect } from 'vitest'
import { fromSnapshot, type LiveAgent, type LiveCall, type LiveQueue, type Snapshot, type View } from './view'

export function anAgent(id: number, fields: Partial<LiveAgent> = {}): LiveAgent {
  return {
    agent_id: id,
    tenant_id: 3,
    name: `agent${id}`,
    work_number: `100${id}`,
    extension: `800${id}`,
    presence: 'ready',
    reason: null,
    state: 'ready',
    detail: null,
    is_line_up: false,
    wrap_up_ends_at: null,
    since: 1000,
    call_id: null,
    ...fields,
  }
}

export function aCall(id: string, fields: Partial<LiveCall> = {}): LiveCall {
  return {
    call_id: id,
    tenant_id: 3,
    direction: 'inbound',
    state: 'queued',
    caller: '+8613800138000',
    callee: '+861088880001',
    queue_id: 7,
    queue_name: 'support',
    agent_id: null,
    agent_name: null,
    agent_ids: [],
    started_at: 1000,
    answered_at: null,
    connected_at: null,
    is_held: false,
    held_since: null,
    is_muted: false,
    consult: null,
    transfer_failure: null,
    watchers: [],
    recording: null,
    park_slot: null,
    participants: [],
    ...fields,
  }
}

export function aQueue(id: number, fields: Partial<LiveQueue> = {}): LiveQueue {
  return { queue_id: id, tenant_id: 3, name: 'support', waiting: 0, ready_agents: 2, serving_agents: 0, signed_in_agents: 2, ...fields }
}

/** Snapshot plus events must equal the snapshot that the server would send now, whatever the order of its lists. */
export function expectSameView(view: View, snapshot: Snapshot): void {
  expect(view).toEqual(fromSnapshot(snapshot))
}
