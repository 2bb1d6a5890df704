/** The agent's phone and what the agent asks for. Lives as long as the login, on whatever page the agent is. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { api, ApiFailure, take } from '@/api/client'
import { showFailure } from '@/kit/failure'
import { recall, remember } from '@/kit/storage'
import { useLive } from '@/live/store'
import { useSession } from '@/session/store'
import { desk, supervision, type Presence } from './commands'
import { INITIAL, type PhoneEvent, type PhoneState } from './machine'
import type { Phone } from './phone'
import { findRefusal } from './refusal'

/** Where the calls of an extension ring, as chosen in this browser: the newest registration of an extension wins. */
export type PhoneChoice = 'page' | 'desk'

/** How long the phone may hold a call that call control knows nothing of: its end was lost with the socket. */
const STRAY_MS = 4000
/**
 * How long the switch may show a call that this page hung up. JsSIP keeps its BYE back while an ACK is on its way, and for
 * half a minute when that is lost; a page that is silent is called anew after 1.5 s, so it has to be sooner.
 */
const UNHEARD_MS = 1000

export const usePhone = defineStore('phone', () => {
  const session = useSession()
  const live = useLive()
  const phone = shallowRef<PhoneState>(INITIAL)
  const choice = ref<PhoneChoice | null>(null)
  /** Calls of this page that were refused before they began. */
  const refusedCount = ref(0)
  let device: Promise<Phone> | null = null
  let stray: ReturnType<typeof setTimeout> | undefined

  /** The SIP stack is loaded when the phone starts for the first time; before that nothing needs to be told. */
  function tell(event: PhoneEvent): void {
    if (device === null) {
      if (event.kind !== 'started') return
      phone.value = { ...INITIAL, line: { name: 'connecting' } }
      device = loadPhone()
    }
    device.then(
      (loaded) => loaded.tell(event),
      () => {
        device = null
        phone.value = { ...INITIAL, line: { name: 'failed', trouble: 'no_account' } }
      },
    )
  }

  async function loadPhone(): Promise<Phone> {
    const { Phone: Device } = await import('./phone')
    return new Device(
      () => take(api.GET('/api/v1/agent/phone')),
      (after) => (phone.value = after),
    )
  }

  const call = computed(() => phone.value.call)
  /** The switch says so; before the first snapshot nothing is known. */
  const isSignedIn = computed(() => live.ownAgent !== undefined && live.ownAgent.presence !== 'offline')
  /** Own call that goes on at the switch without sound on this page, as after a reload. */
  const isSilent = computed(() => {
    const own = live.ownAgent
    return own !== undefined && (own.state === 'on_call' || own.state === 'dialing') && call.value === null
  })

  /** Signed in, but not from this browser: the page does not take the calls of another phone unasked. */
  const isUndecided = computed(() => isSignedIn.value && choice.value === null)
  /** 长签: the phone is in a call all day, also while no customer is there. */
  const isLineUp = computed(() => live.ownAgent?.is_line_up === true)
  const hasCall = computed(() => live.ownCall !== undefined || (call.value !== null && !isLineUp.value))
  const mayDial = computed(
    () => isSignedIn.value && !hasCall.value && (choice.value === 'desk' || phone.value.line.name === 'registered'),
  )

  watch(
    () => session.current?.agent?.extension,
    (extension) => {
      const known = extension === undefined ? null : recall(`phone.${extension}`)
      choice.value = known === 'page' || known === 'desk' ? known : null
    },
    { immediate: true },
  )

  // Whoever is signed in and works in the page has a phone: after a login and after a reload too.
  watch(
    () => [isSignedIn.value && choice.value === 'page', live.ownAgent !== undefined, call.value === null] as const,
    ([isWanted, isKnown, isFree]) => {
      if (!session.mayPhone) tell({ kind: 'stopped' })
      else if (isWanted) tell({ kind: 'started' })
      else if (isKnown && isFree) tell({ kind: 'stopped' })
    },
    { immediate: true },
  )

  watch(
    () => [call.value?.id, live.ownCall?.call_id, live.link, isLineUp.value] as const,
    ([held, known, link, isNailedUp]) => {
      clearTimeout(stray)
      if (held !== undefined && known === undefined && link === 'live' && !isNailedUp)
        stray = setTimeout(() => tell({ kind: 'hang-up.clicked' }), STRAY_MS)
    },
  )

  function choose(wanted: PhoneChoice): void {
    choice.value = wanted
    const extension = session.current?.agent?.extension
    if (extension !== undefined) remember(`phone.${extension}`, wanted)
  }

  async function setPresence(presence: Presence, reason: string | null = null): Promise<void> {
    await desk.setPresence(presence, reason)
  }

  /** Signed in, and paused until the agent says to be ready. */
  async function signIn(): Promise<void> {
    if (choice.value === null) choose('page')
    await setPresence('paused', 'signed_in')
  }

  /** The switch dials this page first, then the number. */
  async function placeCall(callee: string, callerId: string | null = null): Promise<void> {
    const { call_id } = await desk.placeCall(callee, callerId)
    watchRefusal(call_id)
  }

  /** A call that was refused before it began says so. */
  function watchRefusal(call_id: string): void {
    void findRefusal(call_id, () => live.ownCall?.call_id === call_id).then((code) => {
      if (code === null) return
      refusedCount.value += 1
      showFailure(new ApiFailure(code, 409, code))
    })
  }

  /** At the switch, which remembers it over a reload, and at the page's own microphone. */
  async function mute(isMuted: boolean): Promise<void> {
    const own = device
    if (isMuted && own !== null) (await own).setMuted(true)
    await desk.mute(isMuted)
    if (!isMuted && own !== null) (await own).setMuted(false)
  }

  /** Over SIP when the page has the call, else through the switch. */
  async function press(key: string): Promise<void> {
    if (call.value?.name === 'talking') tell({ kind: 'key.pressed', key })
    else await desk.sendKeys(key)
  }

  /** Over SIP when the page has the call and a line, else through the switch. */
  async function hangUp(): Promise<void> {
    const own = live.ownCall
    const isWatching = own?.watchers.some((one) => one.agent_id === live.ownAgent?.agent_id) === true
    if (call.value !== null && phone.value.line.name === 'registered' && !isLineUp.value) {
      tell({ kind: 'hang-up.clicked' })
      if (own !== undefined && own.participants.length <= 1) setTimeout(() => void repeatHangUp(own.call_id), UNHEARD_MS)
    } else if (own !== undefined && isWatching) {
      await supervision.endWatch(own.call_id)
    } else if (own !== undefined) {
      await desk.hangUp(own.call_id)
    }
  }

  /** Ends the call at the switch when it goes on there without this page. */
  async function repeatHangUp(callId: string): Promise<void> {
    const isOver = call.value === null || call.value.name === 'ending'
    if (isOver && live.ownCall?.call_id === callId) await desk.hangUp(callId).catch(() => undefined)
  }

  return {
    phone,
    call,
    isSignedIn,
    isSilent,
    isLineUp,
    hasCall,
    isUndecided,
    refusedCount,
    mayDial,
    choice,
    choose,
    setPresence,
    signIn,
    placeCall,
    watchRefusal,
    hangUp,
    answer: () => tell({ kind: 'answer.clicked' }),
    press,
    mute,
    switchOff: () => tell({ kind: 'stopped' }),
    restart: () => tell({ kind: 'started' }),
    checkMicrophone: async () => (await device)?.checkMicrophone(),
  }
})
