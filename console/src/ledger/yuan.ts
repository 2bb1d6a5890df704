/** Amounts in yuan as text. No float on the way. */
const FORM = /^[0-9]{1,9}(\.[0-9]{1,6})?$/

/** An amount that the ledger takes: up to nine digits and six decimals. */
export function isYuan(text: string): boolean {
  return FORM.test(text)
}

/** One that moves money. */
export function isPositiveYuan(text: string): boolean {
  return isYuan(text) && /[1-9]/.test(text)
}

/** Yuan of micros (1/1,000,000 yuan), with at least two decimals and never rounded. */
export function formatMicros(micros: number): string {
  const whole = Math.abs(micros)
  const decimals = String(whole % 1_000_000).padStart(6, '0').replace(/0{1,4}$/, '')
  return `${micros < 0 ? '-' : ''}${Math.floor(whole / 1_000_000)}.${decimals}`
}
