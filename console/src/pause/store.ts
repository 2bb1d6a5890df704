/** The enterprise's pause reasons, and the words of any reason that the live view names. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api, take, type Schema } from '@/api/client'
import { i18n } from '@/i18n'

export type PauseReason = Schema['PauseReasonView']

export const usePauseReasons = defineStore('pause-reasons', () => {
  const reasons = shallowRef<PauseReason[]>([])
  const active = computed(() => reasons.value.filter((reason) => reason.is_active))

  async function load(): Promise<void> {
    reasons.value = (await take(api.GET('/api/v1/pause-reasons'))).items
  }

  const label = (reason: PauseReason): string =>
    i18n.global.locale.value === 'en' ? reason.label_en : reason.label_zh

  /** The enterprise's own words, else those of the system's reasons, else the code. */
  function word(code: string): string {
    const { t, te } = i18n.global
    const known = reasons.value.find((reason) => reason.code === code)
    if (known !== undefined) return label(known)
    return te(`agent.reasons.${code}`) ? t(`agent.reasons.${code}`) : code
  }

  /** Seconds that a pause for this reason may last; null: no limit. */
  const limit = (code: string): number | null =>
    reasons.value.find((reason) => reason.code === code)?.max_s ?? null

  return { reasons, active, load, label, word, limit }
})
