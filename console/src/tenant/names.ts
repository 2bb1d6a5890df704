/** Names of the enterprises that a view over several of them shows. */
import { shallowRef, watch, type Ref } from 'vue'
import { api, take } from '@/api/client'
import { useSession } from '@/session/store'

export type TenantNames = ReadonlyMap<number, string>

/** Empty while one enterprise is in sight, or when the viewer may not list tenants. Asked again for ids that are new. */
export function useTenantNames(ids: Ref<ReadonlySet<number>>): Ref<TenantNames> {
  const session = useSession()
  const names = shallowRef<TenantNames>(new Map())
  const asked = new Set<number>()
  watch(
    ids,
    async (now) => {
      const isKnown = [...now].every((id) => asked.has(id))
      if (now.size < 2 || isKnown || !session.maySeeMoney) return
      for (const id of now) asked.add(id)
      try {
        const { items } = await take(api.GET('/api/v1/tenants'))
        names.value = new Map(items.map((tenant) => [tenant.id, tenant.name]))
      } catch {
        asked.clear() // asked again with the next change of the view
      }
    },
    { immediate: true },
  )
  return names
}
