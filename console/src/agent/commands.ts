/** What agents and supervisors ask of call control. Each throws ApiFailure; what came of it shows in the live view. */
import { api, take, type Schema } from '@/api/client'

export type Target = Schema['TransferBody']['target']
export type TransferMode = Schema['TransferBody']['mode']
export type RecordingAction = Schema['RecordingBody']['action']
export type WatchMode = Schema['WatchBody']['mode']
export type Presence = Schema['PresenceRequest']['presence']

const ofCall = (call_id: string) => ({ params: { path: { call_id } } })

export const desk = {
  setPresence: (presence: Presence, reason: string | null = null) =>
    take(api.PUT('/api/v1/agent/presence', { body: { presence, reason } })),
  setLine: (is_up: boolean) => take(api.PUT('/api/v1/agent/line', { body: { is_up } })),
  placeCall: (callee: string, caller_id: string | null) =>
    take(api.POST('/api/v1/agent/calls', { body: { callee, caller_id } })),
  hold: (is_held: boolean) => take(api.POST('/api/v1/agent/call/hold', { body: { is_held } })),
  mute: (is_muted: boolean) => take(api.POST('/api/v1/agent/call/mute', { body: { is_muted } })),
  transfer: (target: Target, mode: TransferMode) =>
    take(api.POST('/api/v1/agent/call/transfer', { body: { target, mode } })),
  completeTransfer: () => take(api.POST('/api/v1/agent/call/transfer/complete')),
  cancelTransfer: () => take(api.POST('/api/v1/agent/call/transfer/cancel')),
  confer: () => take(api.POST('/api/v1/agent/call/conference')),
  drop: (leg: string) => take(api.POST('/api/v1/agent/call/conference/drop', { body: { leg } })),
  park: () => take(api.POST('/api/v1/agent/call/park')),
  retrieve: (slot: string) => take(api.POST('/api/v1/agent/call/retrieve', { body: { slot } })),
  sendKeys: (keys: string) => take(api.POST('/api/v1/agent/call/keys', { body: { keys } })),
  setRecording: (action: RecordingAction) => take(api.PUT('/api/v1/agent/call/recording', { body: { action } })),
  pickUp: (agent_id: number | null) => take(api.POST('/api/v1/agent/pick-up', { body: { agent_id } })),
  setWrapUp: (seconds: number) => take(api.POST('/api/v1/agent/wrap-up', { body: { seconds } })),
  hangUp: (call_id: string) => take(api.POST('/api/v1/calls/{call_id}/hang-up', ofCall(call_id))),
}

export const supervision = {
  watch: (call_id: string, mode: WatchMode) =>
    take(api.POST('/api/v1/calls/{call_id}/watch', { ...ofCall(call_id), body: { mode } })),
  endWatch: (call_id: string) => take(api.DELETE('/api/v1/calls/{call_id}/watch', ofCall(call_id))),
  takeOver: (call_id: string) => take(api.POST('/api/v1/calls/{call_id}/take-over', ofCall(call_id))),
  release: (call_id: string) => take(api.POST('/api/v1/calls/{call_id}/release', ofCall(call_id))),
  setPresence: (agent_id: number, presence: Presence, reason: string | null) =>
    take(api.PUT('/api/v1/agents/{agent_id}/presence', { params: { path: { agent_id } }, body: { presence, reason } })),
}
