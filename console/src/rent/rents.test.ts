import { expect, it } from 'vitest'
import { findRentFault, isRentAmount, proposeRent, type Rent } from './rents'

it.each(['0.000001', '30', '999999.999999', '1000000', '1000000.00'])('takes %s', (text) => expect(isRentAmount(text)).toBe(true))
it.each(['', '0', '0.00', '1000000.01', '1000001', '-1', '1e3'])('refuses "%s"', (text) => expect(isRentAmount(text)).toBe(false))

it('takes each cycle and basis once', () => {
  const month: Rent = { cycle: 'month', basis: 'agent', amount: '30.00' }
  expect(findRentFault([month, { ...month, basis: 'did' }], 0)).toBeNull()
  expect(findRentFault([month, { ...month }], 1)).toBe('twice')
  expect(findRentFault([{ ...month, amount: '0' }], 0)).toBe('amount')
  expect(proposeRent([{ ...month, basis: 'fixed' }])).toEqual({ cycle: 'month', basis: 'agent', amount: '' })
})

it('proposes all sixteen, then none', () => {
  const rents: Rent[] = []
  for (let next = proposeRent(rents); next !== null; next = proposeRent(rents)) rents.push(next)
  expect(new Set(rents.map((one) => one.cycle + one.basis)).size).toBe(16)
})
