/** The user's own rate plans of which a version was published: what its customers can be charged by. */
import { computed, type ComputedRef, type Ref } from 'vue'
import { api, take, type Schema } from '@/api/client'
import { useRows } from '@/kit/rows'

export interface OwnPlans {
  plans: ComputedRef<Schema['PlanSummary'][]>
  isLoading: Ref<boolean>
  failure: Ref<unknown>
  load: () => Promise<void>
}

export function useOwnPlans(): OwnPlans {
  const { rows, isLoading, failure, load } = useRows(async () => (await take(api.GET('/api/v1/rate-plans'))).items)
  const plans = computed(() => rows.value.filter((one) => one.current_version !== null || one.next_effective_from !== null))
  return { plans, isLoading, failure, load }
}
