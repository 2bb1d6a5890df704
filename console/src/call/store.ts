/** The list of calls: pages that follow each other, newest first. An answer to an older question is dropped. */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { api, take, type Schema } from '@/api/client'
import { useLive } from '@/live/store'
import { useSession } from '@/session/store'
import { noFilter, toQuery, type CallFilter } from './filter'

export const useCalls = defineStore('calls', () => {
  const filter = ref<CallFilter>(noFilter())
  const rows = shallowRef<Schema['CallRow'][]>([])
  const cursor = ref<string | null>(null)
  const isLoading = ref(false)
  const hasLoaded = ref(false)
  const failure = shallowRef<unknown>(null)
  const seenEnded = ref(0)
  const live = useLive()
  const session = useSession()
  let asked = 0

  async function load(after: string | null = null): Promise<void> {
    const turn = ++asked
    const ended = live.endedCount
    isLoading.value = true
    failure.value = null
    try {
      const query = { ...toQuery(filter.value), ...(after !== null && { cursor: after }) }
      const page = await take(api.GET('/api/v1/calls', { params: { query } }))
      if (turn !== asked) return
      rows.value = after === null ? page.items : [...rows.value, ...page.items]
      cursor.value = page.next_cursor
      hasLoaded.value = true
      if (after === null) seenEnded.value = ended
    } catch (error) {
      if (turn === asked) failure.value = error
    } finally {
      if (turn === asked) isLoading.value = false
    }
  }

  function update(row: Schema['CallRow']): void {
    rows.value = rows.value.map((known) => (known.id === row.id ? { ...known, ...row } : known))
  }

  function reset(): Promise<void> {
    filter.value = noFilter()
    return load()
  }

  const freshCount = computed(() => Math.max(0, live.endedCount - seenEnded.value))

  watch(
    () => session.current?.user.id,
    () => {
      asked += 1
      filter.value = noFilter()
      rows.value = []
      cursor.value = null
      hasLoaded.value = false
      isLoading.value = false
    },
  )

  return {
    filter,
    rows,
    isLoading,
    hasLoaded,
    failure,
    freshCount,
    hasMore: computed(() => cursor.value !== null),
    load: () => load(),
    loadMore: () => load(cursor.value),
    reset,
    update,
  }
})
