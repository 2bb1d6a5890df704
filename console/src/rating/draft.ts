/** The draft of a plan while it is edited: loaded from the draft or the newest version, checked after each change, saved as a whole. */
import { computed, ref, shallowRef, watch } from 'vue'
import { api, ApiFailure, take, type Schema } from '@/api/client'
import { findRentFault, type Rent } from '@/rent/rents'
import { formatPercent, formatPrice, MOST_RATES, readMinimum, readPercent, toBody, type Rate } from './rate'
import type { Terms } from './TermsForm.vue'

const CHECK_AFTER_MS = 400
const NO_TERMS: Terms = { minimum: '0.00', free_s: 0, commission: '0', effective: null, note: '' }
type Version = Schema['VersionDetail']

function readTerms(version: Version): Terms {
  const planned = version.state === 'draft' && version.effective_from !== null
  return {
    minimum: formatPrice(version.minimum_spend_micros),
    free_s: version.free_s,
    commission: formatPercent(version.commission_ppm),
    effective: planned ? new Date(version.effective_from!) : null,
    note: version.state === 'draft' ? (version.note ?? '') : '',
  }
}

export function useDraft(planId: number) {
  const plan = shallowRef<Schema['PlanView'] | null>(null)
  const terms = ref<Terms>({ ...NO_TERMS })
  const rents = ref<Rent[]>([])
  const rates = ref<Rate[]>([])
  /** More rates than a page can change: they are changed by CSV files, and stay otherwise. */
  const rateCount = ref(0)
  const isLarge = computed(() => rateCount.value > MOST_RATES)
  const saved = ref({ terms: '', rents: '', rates: '' })
  const check = shallowRef<Schema['CheckView'] | null>(null)
  const isChecking = ref(false)
  const checkFailure = shallowRef<ApiFailure | null>(null)
  /** Of the draft as it was loaded: the server refuses to put ours over another's. */
  let revision = 0
  const path = { plan_id: planId }
  let turn = 0
  let waiting: ReturnType<typeof setTimeout> | undefined

  const now = computed(() => ({ terms: JSON.stringify(terms.value), rents: JSON.stringify(rents.value), rates: JSON.stringify(rates.value) }))
  const areTermsDirty = computed(() => now.value.terms !== saved.value.terms)
  const areRentsDirty = computed(() => now.value.rents !== saved.value.rents)
  const areRatesDirty = computed(() => now.value.rates !== saved.value.rates)
  const isDirty = computed(() => plan.value !== null && (areTermsDirty.value || areRentsDirty.value || areRatesDirty.value))
  const hasDraft = computed(() => plan.value?.draft_version != null)
  const isValid = computed(
    () =>
      readMinimum(terms.value.minimum) !== null &&
      readPercent(terms.value.commission) !== null &&
      rents.value.every((_, at) => findRentFault(rents.value, at) === null),
  )
  /** Refused before the rates were looked at together: a prefix that no number has. */
  const isRefused = computed(() => checkFailure.value?.code === 'invalid_plan')
  const faultCount = computed(() => (isRefused.value ? 1 : checkFailure.value === null ? (check.value?.fault_count ?? 0) : 0))

  function showRates(version: Version): void {
    rateCount.value = version.rate_count
    rates.value = version.rates.map(toBody)
    saved.value = { ...saved.value, rates: now.value.rates }
  }

  async function load(): Promise<void> {
    const found = await take(api.GET('/api/v1/rate-plans/{plan_id}', { params: { path } }))
    const number = found.draft_version ?? found.versions[0]?.number
    if (number !== undefined) {
      const params = { path: { ...path, number } }
      const [version, rented] = await Promise.all([
        take(api.GET('/api/v1/rate-plans/{plan_id}/versions/{number}', { params })),
        take(api.GET('/api/v1/rate-plans/{plan_id}/versions/{number}/rents', { params })),
      ])
      terms.value = readTerms(version)
      rents.value = rented.items.map(({ cycle, basis, amount }) => ({ cycle, basis, amount }))
      showRates(version)
      revision = version.state === 'draft' ? version.revision : 0
    }
    plan.value = found
    saved.value = now.value
    checkSoon()
  }

  function makeBody(): Schema['VersionBody'] {
    const { minimum, free_s, commission, effective, note } = terms.value
    return {
      effective_from: effective?.toISOString() ?? null,
      note: note.trim(),
      minimum_spend_micros: readMinimum(minimum) ?? 0,
      free_s: free_s ?? 0,
      commission_ppm: readPercent(commission) ?? 0,
      rates: isLarge.value ? null : rates.value,
    }
  }

  /** The draft, then its rents: what was saved before a failure is no longer dirty. */
  async function save(): Promise<void> {
    const body = makeBody()
    if (areTermsDirty.value || areRatesDirty.value || !hasDraft.value) {
      const version = await take(api.PUT('/api/v1/rate-plans/{plan_id}/draft', { params: { path, query: { revision } }, body }))
      revision = version.revision
      saved.value = { ...saved.value, terms: now.value.terms, rates: now.value.rates }
    }
    if (areRentsDirty.value) {
      const wanted = rents.value.map((rent) => ({ ...rent, amount: rent.amount.trim() }))
      await take(api.PUT('/api/v1/rate-plans/{plan_id}/draft/rents', { params: { path, query: { revision } }, body: { rents: wanted } }))
    }
    await load()
  }

  /** Puts the rates of a file in place of the draft's; what else was changed on the page stays unsaved. */
  async function upload(file: File): Promise<number> {
    const sent = api.PUT('/api/v1/rate-plans/{plan_id}/draft/rates/upload', {
      params: { path, query: { revision } },
      body: file as never,
      bodySerializer: (body: unknown) => body as BodyInit,
      headers: { 'Content-Type': 'text/csv' },
    } as never)
    const version = (await take(sent as never)) as Version
    plan.value = await take(api.GET('/api/v1/rate-plans/{plan_id}', { params: { path } }))
    showRates(version)
    revision = version.revision
    checkSoon()
    return version.rate_count
  }

  const discard = (): Promise<unknown> => take(api.DELETE('/api/v1/rate-plans/{plan_id}/draft', { params: { path, query: { revision } } }))
  const publish = (effective_from: string | null): Promise<Version> =>
    take(api.POST('/api/v1/rate-plans/{plan_id}/draft/publish', { params: { path, query: { revision } }, body: { effective_from } }))

  /** By the server's own rules; without rates (a large list) it looks at those of the saved draft. */
  async function checkNow(): Promise<void> {
    const asked = ++turn
    if (isLarge.value && !hasDraft.value) {
      isChecking.value = false
      return
    }
    try {
      const found = await take(api.POST('/api/v1/rate-plans/{plan_id}/check', { params: { path }, body: makeBody() }))
      if (asked === turn) [check.value, checkFailure.value] = [found, null]
    } catch (error) {
      if (asked === turn) checkFailure.value = error instanceof ApiFailure ? error : new ApiFailure('internal', 0, String(error))
    } finally {
      if (asked === turn) isChecking.value = false
    }
  }

  function checkSoon(): void {
    turn += 1 // an answer about what stood there before counts no more
    isChecking.value = true
    clearTimeout(waiting)
    waiting = setTimeout(() => void checkNow(), CHECK_AFTER_MS)
  }
  const stop = (): void => clearTimeout(waiting)
  watch([() => now.value.rates, () => terms.value.effective], () => plan.value !== null && checkSoon())

  return { plan, terms, rents, rates, rateCount, isLarge, check, isChecking, checkFailure, isRefused, checkSoon, checkNow, faultCount, isDirty, areRatesDirty, hasDraft, isValid, load, save, upload, discard, publish, stop }
}
