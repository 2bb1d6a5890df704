import { expect, it } from 'vitest'
import type { Schema } from '@/api/client'
import { buildTree } from './tree'

const aTenant = (id: number, parent_id: number | null): Schema['TenantView'] => ({
  id,
  parent_id,
  kind: 'enterprise',
  code: `t${id}`,
  name: `t${id}`,
  is_suspended: false,
  is_balance_suspended: false,
  is_suspended_above: false,
  rate_plan_id: null,
  max_calls: null,
  balance: '0.00',
  balance_micros: 0,
  limit_micros: 0,
  income: '0.00',
  income_micros: 0,
})

it('hangs every tenant under its parent, whatever the order', () => {
  const [root, ...others] = buildTree([aTenant(3, 2), aTenant(2, 1), aTenant(1, null), aTenant(4, 2)])
  expect(others).toEqual([])
  expect(root).toMatchObject({ id: 1, children: [{ id: 2, children: [{ id: 3 }, { id: 4 }] }] })
})

it("begins at the viewer's own tenant when the parent is not visible", () => {
  expect(buildTree([aTenant(5, 2)]).map((node) => node.id)).toEqual([5])
})
