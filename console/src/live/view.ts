/**
 * What is live now, as the browser holds it: a snapshot, changed by numbered events. Pure; an event out of order yields
 * `null`, and the caller begins again from a snapshot.
 */

export type AgentState =
  | 'offline'
  | 'ready'
  | 'reserved'
  | 'ringing'
  | 'dialing'
  | 'on_call'
  | 'wrap_up'
  | 'paused'
export type AgentDetail = 'talking' | 'held' | 'consulting' | 'conferencing' | 'watching'
export type CallState =
  | 'arriving'
  | 'menu'
  | 'queued'
  | 'offering'
  | 'dialing'
  | 'talking'
  | 'held'
  | 'consulting'
  | 'conference'
  | 'parked'
  | 'voicemail'
  | 'serving'
  | 'ended'
export type WatchMode = 'listen' | 'whisper' | 'barge' | 'take_over'
export type Presence = 'ready' | 'paused' | 'offline'

/** Times are seconds since 1970 by the server's clock. */
export interface LiveAgent {
  agent_id: number
  tenant_id: number
  name: string
  work_number: string
  extension: string
  presence: Presence
  reason: string | null
  state: AgentState
  /** What an agent on a call is doing in it. */
  detail: AgentDetail | null
  is_line_up: boolean
  wrap_up_ends_at: number | null
  since: number
  call_id: string | null
}

export interface Participant {
  leg: string
  label: string
  agent_id: number | null
}

export interface Watcher {
  agent_id: number
  name: string
  mode: WatchMode
}

export interface Consult {
  mode: 'blind' | 'attended'
  step: 'finding' | 'queued' | 'ringing' | 'talking'
  label: string
}

export interface LiveRecording {
  is_on: boolean
  is_paused: boolean
  policy: 'automatic' | 'forced' | 'forbidden' | 'on_demand'
  can_pause: boolean
}

export interface LiveCall {
  call_id: string
  tenant_id: number
  direction: 'inbound' | 'outbound' | 'internal'
  state: CallState
  caller: string
  callee: string
  queue_id: number | null
  queue_name: string | null
  agent_id: number | null
  agent_name: string | null
  /** Everybody of the enterprise who has a leg in the call. */
  agent_ids: number[]
  started_at: number
  answered_at: number | null
  connected_at: number | null
  is_held: boolean
  held_since: number | null
  is_muted: boolean
  consult: Consult | null
  /** Why the last transfer came to nothing. */
  transfer_failure: string | null
  watchers: Watcher[]
  recording: LiveRecording | null
  park_slot: string | null
  /** Who talks on our side; the first one has the customer. */
  participants: Participant[]
}

export interface LiveQueue {
  queue_id: number
  tenant_id: number
  name: string
  waiting: number
  ready_agents: number
  serving_agents: number
  signed_in_agents: number
}

export interface Snapshot {
  kind: 'snapshot'
  seq: number
  agents: LiveAgent[]
  calls: LiveCall[]
  queues: LiveQueue[]
}

interface Numbered {
  seq: number
  tenant_id: number
}
export type LiveEvent = Numbered &
  (
    | { kind: 'agent.changed'; agent: LiveAgent }
    | { kind: 'call.changed'; call: LiveCall }
    | { kind: 'call.ended'; call: LiveCall }
    | { kind: 'queue.changed'; queue: LiveQueue }
  )
export type LiveMessage = Snapshot | LiveEvent | { kind: 'controller.away' }

export interface View {
  readonly seq: number
  readonly agents: ReadonlyMap<number, LiveAgent>
  readonly calls: ReadonlyMap<string, LiveCall>
  readonly queues: ReadonlyMap<number, LiveQueue>
}

export const EMPTY: View = { seq: 0, agents: new Map(), calls: new Map(), queues: new Map() }

export function fromSnapshot(snapshot: Snapshot): View {
  return {
    seq: snapshot.seq,
    agents: new Map(snapshot.agents.map((agent) => [agent.agent_id, agent])),
    calls: new Map(snapshot.calls.map((call) => [call.call_id, call])),
    queues: new Map(snapshot.queues.map((queue) => [queue.queue_id, queue])),
  }
}

/** The view after the event; `null` when events are missing before it. One that repeats changes nothing. */
export function applyEvent(view: View, event: LiveEvent): View | null {
  if (event.seq <= view.seq) return view
  if (event.seq !== view.seq + 1) return null
  const next = { ...view, seq: event.seq }
  switch (event.kind) {
    case 'agent.changed':
      return { ...next, agents: put(view.agents, event.agent.agent_id, event.agent) }
    case 'call.changed':
      return { ...next, calls: put(view.calls, event.call.call_id, event.call) }
    case 'call.ended':
      return { ...next, calls: without(view.calls, event.call.call_id) }
    case 'queue.changed':
      return { ...next, queues: put(view.queues, event.queue.queue_id, event.queue) }
    default:
      return next satisfies View // a kind that a newer server knows
  }
}

/** The agent's own call: the one that its state names, else one in which it has a leg. */
export function findCallOf(view: View, agentId: number): LiveCall | undefined {
  const ofAgent = view.agents.get(agentId)?.call_id
  const named = ofAgent ? view.calls.get(ofAgent) : undefined
  return named ?? [...view.calls.values()].find((call) => call.agent_ids.includes(agentId))
}

function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value)
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  const rest = new Map(map)
  rest.delete(key)
  return rest
}
