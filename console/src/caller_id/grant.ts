/** A caller ID as the operator grants it; `id` null: not granted yet. */
export interface Grant {
  id: number | null
  number: string
  tenant_id: number
  trunk_id: number
  max_calls: number | null
}
