import { expect, it } from 'vitest'
import { listGroups, listPages } from './menu'

const MONEY = ['ledger', 'rate-plans', 'rate-finder', 'rents', 'statements', 'statistics', 'alerts']

it.each(['operator', 'reseller', 'enterprise'] as const)('shows money to the %s', (role) =>
  expect(MONEY.every((page) => (listPages(role) as readonly string[]).includes(page))).toBe(true),
)

it.each(['supervisor', 'agent'] as const)('shows no money to the %s', (role) =>
  expect(MONEY.some((page) => (listPages(role, true) as readonly string[]).includes(page))).toBe(false),
)

it('shows no money to anybody in the single edition', () => {
  for (const role of ['operator', 'reseller', 'enterprise', 'supervisor', 'agent'] as const) {
    expect(listGroups(role, true, false).some((group) => group.name === 'money')).toBe(false)
  }
})
