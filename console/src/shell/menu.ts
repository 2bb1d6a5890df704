/** Which pages a role has, in groups; the first page is where it starts. */
import type { Role } from '@/session/store'

const GROUPS = {
  work: ['agent', 'live', 'calls', 'missed', 'voicemail'],
  reception: ['numbers', 'trees', 'schedules', 'queues', 'vip', 'prompts', 'policies'],
  outbound: ['caller-ids', 'trunks', 'frequency', 'blacklist', 'verification'],
  people: ['teams', 'pause'],
  customers: ['tenants'],
  resources: ['resources', 'registrations'],
  money: ['ledger', 'rate-plans', 'rate-finder', 'rents', 'statements', 'statistics', 'alerts'],
} as const

export type GroupName = keyof typeof GROUPS
export type PageName = (typeof GROUPS)[GroupName][number]

export interface MenuGroup {
  name: GroupName
  pages: readonly PageName[]
}

const SELLER: readonly PageName[] = ['live', 'calls', 'caller-ids', 'frequency', 'blacklist', 'tenants', ...GROUPS.resources, ...GROUPS.money]
const EDITOR: readonly PageName[] = [
  ...GROUPS.work.slice(1),
  ...GROUPS.reception,
  'caller-ids',
  'blacklist',
  ...GROUPS.people,
]
const PAGES: Record<Role, readonly PageName[]> = {
  operator: [...SELLER, 'trunks'],
  reseller: SELLER,
  enterprise: [...EDITOR, 'frequency', 'verification', 'tenants', ...GROUPS.resources, ...GROUPS.money],
  supervisor: EDITOR,
  agent: ['agent', 'calls', 'missed', 'voicemail'],
}

/** A supervisor with an extension has a phone too: to listen, and to take calls over. Without billing, no money. */
export function listPages(role: Role, hasPhone = false, hasBilling = true): readonly PageName[] {
  const money: readonly PageName[] = GROUPS.money
  const pages = PAGES[role].filter((page) => hasBilling || !money.includes(page))
  return hasPhone && !pages.includes('agent') ? [...pages, 'agent'] : pages
}

/** The pages of a role by group; a group without any is not shown. */
export function listGroups(role: Role, hasPhone = false, hasBilling = true): readonly MenuGroup[] {
  const mine = listPages(role, hasPhone, hasBilling)
  const groups = Object.entries(GROUPS) as [GroupName, readonly PageName[]][]
  return groups
    .map(([name, pages]) => ({ name, pages: pages.filter((page) => mine.includes(page)) }))
    .filter((group) => group.pages.length > 0)
}

export function startPage(role: Role): PageName {
  return PAGES[role][0]!
}
