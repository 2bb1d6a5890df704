/** One request at a time of a part of the page: its failure is said, and its buttons wait meanwhile. */
import { ref, type Ref } from 'vue'
import { showFailure } from './failure'

export interface Asking {
  isAsking: Ref<boolean>
  /** Whether it was done. */
  ask: (action: () => Promise<unknown>) => Promise<boolean>
}

export function useAsk(): Asking {
  const isAsking = ref(false)
  async function ask(action: () => Promise<unknown>): Promise<boolean> {
    if (isAsking.value) return false
    isAsking.value = true
    try {
      await action()
      return true
    } catch (error) {
      showFailure(error)
      return false
    } finally {
      isAsking.value = false
    }
  }
  return { isAsking, ask }
}
