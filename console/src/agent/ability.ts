/** What an agent can do with its call now, by what the live view says of it. The server decides; buttons follow this. */
import type { LiveAgent, LiveCall, Participant } from '@/live/view'

export interface Abilities {
  mayHold: boolean
  mayMute: boolean
  mayTransfer: boolean
  mayPark: boolean
  mayCancel: boolean
  mayComplete: boolean
  mayConfer: boolean
  maySendKeys: boolean
  mayStartRecording: boolean
  mayStopRecording: boolean
  mayPauseRecording: boolean
  mayResumeRecording: boolean
  /** Those the agent may drop from a conference. */
  droppable: readonly Participant[]
}

export function listAbilities(call: LiveCall | undefined, agentId: number | undefined): Abilities {
  const isIn = call !== undefined && call.participants.some((one) => one.agent_id === agentId)
  const isAlone = isIn && call.consult === null && call.participants.length === 1
  const consult = isIn ? call.consult : null
  const recording = isIn ? call.recording : null
  const isOptional = recording?.policy === 'automatic' || recording?.policy === 'on_demand'
  return {
    mayHold: isIn && consult === null,
    mayMute: isIn,
    mayTransfer: isAlone,
    mayPark: isAlone,
    mayCancel: consult !== null,
    mayComplete: consult !== null && consult.mode === 'attended',
    mayConfer: consult?.step === 'talking',
    maySendKeys: isIn,
    mayStartRecording: isOptional && !recording.is_on,
    mayStopRecording: isOptional && recording.is_on,
    mayPauseRecording: recording !== null && recording.is_on && recording.can_pause && !recording.is_paused,
    mayResumeRecording: recording !== null && recording.is_on && recording.is_paused,
    droppable: isIn ? call.participants.slice(1).filter((one) => one.agent_id !== agentId) : [],
  }
}

/** Calls that wait in a slot for whoever fetches them. */
export function listParked(calls: Iterable<LiveCall>): LiveCall[] {
  const parked = [...calls].filter((call) => call.state === 'parked' && call.park_slot !== null)
  return parked.sort((a, b) => Number(a.park_slot) - Number(b.park_slot))
}

/** Colleagues whose phones ring now. */
export function listRinging(agents: Iterable<LiveAgent>, ownId: number | undefined): LiveAgent[] {
  return [...agents].filter((agent) => agent.state === 'ringing' && agent.agent_id !== ownId)
}

/** Who may take a call now: first the ready ones. Whoever is signed out can still be rung by a colleague. */
export function listTargets(agents: Iterable<LiveAgent>, ownId: number | undefined): LiveAgent[] {
  const rank = (agent: LiveAgent): number => ['ready', 'wrap_up', 'paused'].indexOf(agent.state) >>> 0
  return [...agents]
    .filter((agent) => agent.agent_id !== ownId)
    .sort((a, b) => rank(a) - rank(b) || a.work_number.localeCompare(b.work_number))
}
