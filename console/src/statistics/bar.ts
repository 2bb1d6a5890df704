/** How long a bar is, in whole per cent of the longest: for the eye only. What an amount is, its text says. */
export function barOf(micros: number, most: number): number {
  if (micros === 0 || most <= 0) return 0
  return Math.max(1, Math.min(100, Math.round((Math.abs(micros) / most) * 100)))
}
