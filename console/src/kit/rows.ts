/** A list that a page shows: loaded when the page opens and on demand. A failure is kept, to be said in its place. */
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Rows<Row> {
  rows: ShallowRef<Row[]>
  isLoading: Ref<boolean>
  failure: Ref<unknown>
  load: () => Promise<void>
}

export function useRows<Row>(fetch: () => Promise<Row[]>): Rows<Row> {
  const rows: ShallowRef<Row[]> = shallowRef([])
  const isLoading = ref(true)
  const failure = ref<unknown>(null)
  let turn = 0

  /** The answer to an older question is dropped. */
  async function load(): Promise<void> {
    const asked = ++turn
    isLoading.value = true
    failure.value = null
    try {
      const found = await fetch()
      if (asked === turn) rows.value = found
    } catch (error) {
      if (asked === turn) failure.value = error
    } finally {
      if (asked === turn) isLoading.value = false
    }
  }

  onMounted(load)
  return { rows, isLoading, failure, load }
}
