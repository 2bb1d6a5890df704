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

/** A supervisor with an extension has a phone too: to listen, and to take calls over. */
export function listPages(role: Role, hasPhone = false): readonly PageName[] {
  const pages = PAGES[role]
  return hasPhone && !pages.includes('agent') ? [...pages, 'agent'] : pages
}

export function startPage(role: Role): PageName {
  return PAGES[role][0]!
}
