/** The flat list of tenants as a tree. */
import type { Schema } from '@/api/client'

type Tenant = Schema['TenantView']
export type TenantNode = Tenant & { children: TenantNode[] }

/** A tenant whose parent is not in the list is a root: the viewer's own, usually the only one. */
export function buildTree(tenants: readonly Tenant[]): TenantNode[] {
  const nodes = new Map(tenants.map((tenant) => [tenant.id, { ...tenant, children: [] as TenantNode[] }]))
  const roots: TenantNode[] = []
  for (const node of nodes.values()) {
    const parent = node.parent_id === null ? undefined : nodes.get(node.parent_id)
    if (parent !== undefined) parent.children.push(node)
    else roots.push(node)
  }
  return roots
}

/** Why calls of a tenant are refused, the nearest reason; `active`: they are not. */
export function stateOf(tenant: Tenant): 'suspended' | 'suspendedByBalance' | 'suspendedAbove' | 'active' {
  if (tenant.is_suspended) return 'suspended'
  if (tenant.is_balance_suspended) return 'suspendedByBalance'
  return tenant.is_suspended_above ? 'suspendedAbove' : 'active'
}
