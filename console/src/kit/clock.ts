/** The server's time, ticking once a second for every timer on the page together. */
import { onMounted, onUnmounted, readonly, ref, type Ref } from 'vue'

/** Smaller differences are the resolution of the Date header and the way of the answer. */
const TOLERATED_MS = 2000

let offset_ms = 0
let users = 0
let ticking: number | undefined
const now_s = ref(Date.now() / 1000)

/** Seconds since 1970 by the server's clock. */
export function serverNow_s(): number {
  return (Date.now() + offset_ms) / 1000
}

/** Learn the difference of the clocks from an answer's Date header. */
export function noteServerTime(date: string | null): void {
  const server_ms = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(server_ms)) return
  const difference_ms = server_ms + 500 - Date.now()
  offset_ms = Math.abs(difference_ms) > TOLERATED_MS ? difference_ms : 0
}

/** Ticks while a component that uses it is on the page. */
export function useNow(): Readonly<Ref<number>> {
  onMounted(() => {
    now_s.value = serverNow_s()
    if (users++ === 0) ticking = window.setInterval(() => (now_s.value = serverNow_s()), 1000)
  })
  onUnmounted(() => {
    if (--users === 0) window.clearInterval(ticking)
  })
  return readonly(now_s)
}
