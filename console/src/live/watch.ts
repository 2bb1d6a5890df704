/** Who watches a call, and whether there is something to watch. */
import type { LiveCall, WatchMode } from './view'

const HEARABLE = new Set(['talking', 'held', 'consulting', 'conference'])

/** The agent itself has the customer: not one who is only consulted, or who watches. */
export function isTalking(call: LiveCall | undefined, agentId: number): call is LiveCall {
  return call !== undefined && HEARABLE.has(call.state) && call.participants.some((one) => one.agent_id === agentId)
}

/** How the supervisor is in the call now. */
export function findWatch(call: LiveCall | undefined, supervisorId: number | undefined): WatchMode | null {
  return call?.watchers.find((one) => one.agent_id === supervisorId)?.mode ?? null
}
