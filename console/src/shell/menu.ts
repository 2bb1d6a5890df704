/** Which pages a role has; the first is where it starts. */
import type { Role } from '@/session/store'

export type PageName = 'agent' | 'live' | 'calls' | 'tenants' | 'blacklist' | 'missed' | 'queues' | 'policies' | 'prompts'

const PAGES: Record<Role, readonly PageName[]> = {
  operator: ['live', 'calls', 'tenants', 'blacklist'],
  reseller: ['live', 'calls', 'tenants', 'blacklist'],
  enterprise: ['live', 'calls', 'missed', 'queues', 'prompts', 'policies', 'blacklist', 'tenants'],
  supervisor: ['live', 'calls', 'missed', 'queues', 'prompts', 'policies', 'blacklist'],
  agent: ['agent', 'calls', 'missed'],
}

/** A supervisor with an extension has a phone too: to listen, and to take calls over. */
export function listPages(role: Role, hasPhone = false): readonly PageName[] {
  const pages = PAGES[role]
  return hasPhone && !pages.includes('agent') ? [...pages, 'agent'] : pages
}

export function startPage(role: Role): PageName {
  return PAGES[role][0]!
}
