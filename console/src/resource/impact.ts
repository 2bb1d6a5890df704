/** What a move would break, asked again when the target changes; and whether the user knows it. */
import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import { api, take, type Schema } from '@/api/client'
import { useRows } from '@/kit/rows'
import type { Kind } from './kinds'

export type Impact = Schema['ImpactView']

export interface ImpactOfMove {
  /** null: not known, or not known yet. */
  impact: ComputedRef<Impact | null>
  isLoading: Ref<boolean>
  failure: Ref<unknown>
  load: () => Promise<void>
  isSure: Ref<boolean>
  mayMove: ComputedRef<boolean>
}

/** `target`: to whom they would be granted; null: taken back; undefined: nobody is chosen yet, so nothing is asked. */
export function useImpact(kind: Kind, ids: number[], target: () => number | null | undefined): ImpactOfMove {
  const isSure = ref(false)
  const { rows, isLoading, failure, load } = useRows<Impact>(async () => {
    const to_tenant_id = target()
    return to_tenant_id === undefined ? [] : [await take(api.POST('/api/v1/resources/impact', { body: { kind, ids, to_tenant_id } }))]
  })
  watch(target, () => {
    isSure.value = false
    void load()
  })
  const impact = computed(() => (isLoading.value || failure.value !== null ? null : (rows.value[0] ?? null)))
  const mayMove = computed(() => impact.value !== null && (impact.value.use_count === 0 || isSure.value))
  return { impact, isLoading, failure, load, isSure, mayMove }
}
