/** The colour of a live state. */
import type { Tone } from '@/kit/StatusPill.vue'
import type { AgentState, CallState } from './view'

export const AGENT_TONES: Record<AgentState, Tone> = {
  offline: 'calm',
  ready: 'good',
  reserved: 'warn',
  ringing: 'warn',
  dialing: 'busy',
  on_call: 'busy',
  wrap_up: 'warn',
  paused: 'bad',
}

export const CALL_TONES: Record<CallState, Tone> = {
  arriving: 'warn',
  menu: 'busy',
  queued: 'warn',
  offering: 'warn',
  dialing: 'busy',
  talking: 'good',
  held: 'warn',
  consulting: 'good',
  conference: 'good',
  parked: 'warn',
  voicemail: 'calm',
  serving: 'calm',
  ended: 'calm',
}

/** In lists: who is busy first, who is away last. */
export const AGENT_ORDER: readonly AgentState[] = [
  'ringing',
  'reserved',
  'on_call',
  'dialing',
  'wrap_up',
  'ready',
  'paused',
  'offline',
]
