/** The idempotency key of one opening of a form: sent again after a lost answer, the same entry counts once. */
export function makeFormKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Nobody knows whether it was done: there was no answer, or one that does not say. */
export function isUncertain(status: number): boolean {
  return status === 0 || status >= 500
}
