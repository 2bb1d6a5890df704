/** The rents of a version: at most one of each cycle and basis, each more than nothing. */
import type { Schema } from '@/api/client'
import { isPositiveYuan } from '@/ledger/yuan'

export type Rent = Schema['RentBody']
export const CYCLES = ['day', 'week', 'month', 'year'] as const
export const BASES = ['fixed', 'agent', 'extension', 'did'] as const
export type RentFault = 'amount' | 'twice'

/** An amount that a rent takes: up to a million yuan. */
export function isRentAmount(text: string): boolean {
  return isPositiveYuan(text) && (/^0*[0-9]{1,6}(\.|$)/.test(text) || /^0*1000000(\.0+)?$/.test(text))
}

/** What is wrong with one of them; null: nothing. */
export function findRentFault(rents: readonly Rent[], position: number): RentFault | null {
  const rent = rents[position]!
  if (!isRentAmount(rent.amount.trim())) return 'amount'
  const isTwice = rents.some((one, at) => at !== position && one.cycle === rent.cycle && one.basis === rent.basis)
  return isTwice ? 'twice' : null
}

/** The first pair of cycle and basis that is not there yet; null: there are all. */
export function proposeRent(rents: readonly Rent[]): Rent | null {
  for (const cycle of ['month', 'day', 'week', 'year'] as const) {
    for (const basis of BASES) {
      if (!rents.some((one) => one.cycle === cycle && one.basis === basis)) return { cycle, basis, amount: '' }
    }
  }
  return null
}
