/** Which pages a role has; the first is where it starts. */
import type { Role } from '@/session/store'

export type PageName = 'agent' | 'live' | 'calls' | 'tenants'

const PAGES: Record<Role, readonly PageName[]> = {
  operator: ['live', 'calls', 'tenants'],
  reseller: ['live', 'calls', 'tenants'],
  enterprise: ['live', 'calls', 'tenants'],
  supervisor: ['live', 'calls'],
  agent: ['agent', 'calls'],
}

export function listPages(role: Role): readonly PageName[] {
  return PAGES[role]
}

export function startPage(role: Role): PageName {
  return PAGES[role][0]!
}
