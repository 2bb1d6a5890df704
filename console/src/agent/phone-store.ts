/** The agent's phone and what the agent asks for. Lives as long as the login, on whatever page the agent is. */
import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { api, take, type Schema } from '@/api/client'
import { useLive } from '@/live/store'
import { useSession } from '@/session/store'
import { INITIAL, type PhoneState } from './machine'
import { Phone } from './phone'

export type Presence = Schema['PresenceRequest']['presence']

/** Why an agent pauses: kept as the code, shown in words. */
export const PAUSE_REASONS = ['rest', 'meal', 'meeting', 'training', 'paperwork'] as const

export const usePhone = defineStore('phone', () => {
  const session = useSession()
  const live = useLive()
  const phone = shallowRef<PhoneState>(INITIAL)
  const device = new Phone(
    () => take(api.GET('/api/v1/agent/phone')),
    (after) => (phone.value = after),
  )

  const call = computed(() => phone.value.call)
  /** The switch says so; before the first snapshot nothing is known. */
  const isSignedIn = computed(() => live.ownAgent !== undefined && live.ownAgent.presence !== 'offline')
  /** Own call that goes on at the switch without sound on this page, as after a reload. */
  const isSilent = computed(() => {
    const own = live.ownAgent
    return own !== undefined && (own.state === 'on_call' || own.state === 'dialing') && call.value === null
  })

  // Whoever is signed in has a phone: after a login and after a reload too.
  watch(
    () => [session.mayPhone, isSignedIn.value, live.ownAgent !== undefined, call.value === null] as const,
    ([mayPhone, isIn, isKnown, isFree]) => {
      if (!mayPhone) device.tell({ kind: 'stopped' })
      else if (isIn) device.tell({ kind: 'started' })
      else if (isKnown && isFree) device.tell({ kind: 'stopped' })
    },
    { immediate: true },
  )

  async function setPresence(presence: Presence, reason: string | null = null): Promise<void> {
    await take(api.PUT('/api/v1/agent/presence', { body: { presence, reason } }))
  }

  /** Signed in, and paused until the agent says to be ready. */
  async function signIn(): Promise<void> {
    await setPresence('paused', 'signed_in')
  }

  /** The switch dials this page first, then the number. */
  async function placeCall(callee: string): Promise<void> {
    await take(api.POST('/api/v1/agent/calls', { body: { callee } }))
  }

  /** Over SIP when the page has the call and a line, else through the switch. */
  async function hangUp(): Promise<void> {
    const own = live.ownCall
    if (call.value !== null && phone.value.line.name === 'registered') {
      device.tell({ kind: 'hang-up.clicked' })
    } else if (own !== undefined) {
      await take(api.POST('/api/v1/calls/{call_id}/hang-up', { params: { path: { call_id: own.call_id } } }))
    }
  }

  return {
    phone,
    call,
    isSignedIn,
    isSilent,
    setPresence,
    signIn,
    placeCall,
    hangUp,
    answer: () => device.tell({ kind: 'answer.clicked' }),
    toggleMute: () => device.tell({ kind: 'mute.clicked' }),
    press: (key: string) => device.tell({ kind: 'key.pressed', key }),
    switchOff: () => device.tell({ kind: 'stopped' }),
    restart: () => device.tell({ kind: 'started' }),
    checkMicrophone: () => device.checkMicrophone(),
  }
})
