import { expect, it } from 'vitest'
import { barOf } from './bar'

it.each([
  [0, 10, 0],
  [10, 10, 100],
  [-5, 10, 50],
  [1, 1_000_000, 1],
  [0, 0, 0],
])('%d of %d is %d per cent', (micros, most, percent) => expect(barOf(micros, most)).toBe(percent))
