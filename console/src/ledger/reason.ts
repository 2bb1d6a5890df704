/** Why an entry was posted, in the user's words where the system itself wrote it; what people wrote stays as it is. */
import { formatAmount } from '@/kit/format'
import { formatMicros } from './yuan'

type Say = (key: string, words?: Record<string, unknown>) => string
const yuan = (micros: string): string => formatAmount(formatMicros(Number(micros)))

export function wordReason(kind: string, reason: string | null, say: Say): string {
  if (reason === null) return ''
  switch (kind) {
    case 'rent': {
      const parts = /^(fixed|agent|extension|did), (day|week|month|year), (\S+) - (\S+)$/.exec(reason)
      if (parts === null) return reason
      const [, basis, cycle, first, last] = parts
      return `${say(`rent.cycles.${cycle}`)} · ${say(`rent.bases.${basis}`)} · ${first === last ? first : `${first} – ${last}`}`
    }
    case 'minimum': {
      const parts = /^(\d+) - (-?\d+)$/.exec(reason)
      return parts === null ? reason : say('ledger.reasons.minimum', { minimum: yuan(parts[1]!), spent: yuan(parts[2]!) })
    }
    case 'free_rebate': {
      const seconds = /^(\d+) s$/.exec(reason)?.[1]
      return seconds === undefined ? reason : say('ledger.reasons.free', { seconds })
    }
    case 'commission': {
      const parts = /^(\d+) ppm of (\d+)$/.exec(reason)
      if (parts === null) return reason
      const percent = formatMicros(Number(parts[1]) * 100).replace(/\.?0+$/, '')
      return say('ledger.reasons.commission', { percent, spent: yuan(parts[2]!) })
    }
    default:
      return reason
  }
}
