/** The live view for every page: one socket as long as somebody is logged in. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { useSession } from '@/session/store'
import { LiveSocket, type Link } from './socket'
import { EMPTY, findCallOf, type LiveCall, type View } from './view'

export const useLive = defineStore('live', () => {
  const view = shallowRef<View>(EMPTY)
  const link = ref<Link>('connecting')
  const hasView = ref(false)
  const endedCount = ref(0)
  /** The last call that ended while the page was open. */
  const lastEnded = shallowRef<LiveCall | null>(null)
  let socket: LiveSocket | null = null

  const session = useSession()

  function start(): void {
    if (socket !== null) return
    link.value = 'connecting'
    socket = new LiveSocket({
      changed(next, event) {
        view.value = next
        hasView.value = true
        if (event?.kind === 'call.ended') {
          endedCount.value += 1
          lastEnded.value = event.call
        }
      },
      linked: (now) => (link.value = now),
      loggedOut: () => session.forget(),
    })
  }

  function stop(): void {
    socket?.close()
    socket = null
    view.value = EMPTY
    hasView.value = false
    lastEnded.value = null
  }

  const ownAgent = computed(() => {
    const agentId = session.current?.agent?.agent_id
    return agentId === undefined ? undefined : view.value.agents.get(agentId)
  })
  const ownCall = computed(() => {
    const agentId = session.current?.agent?.agent_id
    return agentId === undefined ? undefined : findCallOf(view.value, agentId)
  })

  return { view, link, hasView, endedCount, lastEnded, ownAgent, ownCall, start, stop }
})
