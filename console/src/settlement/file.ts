/** A file of a statement: asked for, watched until it is there or could not be made, and asked for again. */
import { onScopeDispose, ref, shallowRef } from 'vue'
import { api, take, type Schema } from '@/api/client'

export type StatementFile = Schema['FileView']
export type Format = StatementFile['format']
export type FileLanguage = StatementFile['language']
const ASK_EVERY_MS = 1000

/** Whole per cent; null while it is not known how much there is. */
export function percentOf(file: Pick<StatementFile, 'state' | 'lines_done' | 'lines_total'>): number | null {
  if (file.state === 'ready') return 100
  if (file.lines_total === null || file.lines_total === 0) return null
  return Math.min(99, Math.floor((file.lines_done * 100) / file.lines_total))
}

/** Why a file could not be made, in a word that the page has. */
export function reasonOf(failure: string | null): 'reconcile' | 'font' | 'other' {
  if (failure !== null && /lines of|sums of/.test(failure)) return 'reconcile'
  return failure !== null && /font/i.test(failure) ? 'font' : 'other'
}

export const isUnderWay = (file: StatementFile | null): boolean => file?.state === 'waiting' || file?.state === 'making'

export function useStatementFile() {
  const file = shallowRef<StatementFile | null>(null)
  const isAsking = ref(false)
  const failure = ref<unknown>(null)
  let waiting: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function follow(next: () => Promise<StatementFile>): Promise<void> {
    const asked = ++turn
    clearTimeout(waiting)
    isAsking.value = true
    failure.value = null
    try {
      const found = await next()
      if (asked !== turn) return
      file.value = found
      if (isUnderWay(found)) waiting = setTimeout(() => void look(), ASK_EVERY_MS)
    } catch (error) {
      if (asked === turn) failure.value = error
    } finally {
      if (asked === turn) isAsking.value = false
    }
  }

  const make = (statement_id: number, format: Format, language: FileLanguage): Promise<void> =>
    follow(() => take(api.POST('/api/v1/statements/{statement_id}/files', { params: { path: { statement_id } }, body: { format, language } })))

  /** How far it is; nothing when none was asked for. */
  async function look(): Promise<void> {
    const file_id = file.value?.id
    if (file_id !== undefined) await follow(() => take(api.GET('/api/v1/statement-files/{file_id}', { params: { path: { file_id } } })))
  }

  /** For another statement or language. */
  function forget(): void {
    turn += 1
    clearTimeout(waiting)
    file.value = null
    failure.value = null
    isAsking.value = false
  }

  onScopeDispose(forget)
  return { file, isAsking, failure, make, look, forget }
}
