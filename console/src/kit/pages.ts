/** A long list that a page shows piece by piece: from the beginning, and more on demand. An answer to an older question is dropped. */
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Piece<Row> {
  rows: Row[]
  next: number | null
}

export interface Pages<Row> {
  rows: ShallowRef<Row[]>
  next: Ref<number | null>
  isLoading: Ref<boolean>
  failure: Ref<unknown>
  load: () => Promise<void>
  more: () => Promise<void>
}

export function usePages<Row>(fetch: (from: number | null) => Promise<Piece<Row>>): Pages<Row> {
  const rows: ShallowRef<Row[]> = shallowRef([])
  const next = ref<number | null>(null)
  const isLoading = ref(true)
  const failure = ref<unknown>(null)
  let turn = 0

  async function ask(from: number | null): Promise<void> {
    const asked = ++turn
    isLoading.value = true
    failure.value = null
    try {
      const piece = await fetch(from)
      if (asked !== turn) return
      rows.value = from === null ? piece.rows : [...rows.value, ...piece.rows]
      next.value = piece.next
    } catch (error) {
      if (asked === turn) failure.value = error
    } finally {
      if (asked === turn) isLoading.value = false
    }
  }

  const load = (): Promise<void> => ask(null)
  const more = async (): Promise<void> => {
    if (next.value !== null && !isLoading.value) await ask(next.value)
  }
  onMounted(load)
  return { rows, next, isLoading, failure, load, more }
}
