/** Says a failure in the user's words. */
import { ElMessage } from 'element-plus'
import { ApiFailure } from '@/api/client'
import { i18n } from '@/i18n'

export function wordFailure(error: unknown): string {
  const { t, te } = i18n.global
  const code = error instanceof ApiFailure ? error.code : 'internal'
  return te(`failure.${code}`) ? t(`failure.${code}`) : t('failure.unknown', { code })
}

/** Shows a failure for a few seconds. A lost login is not shown: the login page follows. */
export function showFailure(error: unknown): void {
  if (error instanceof ApiFailure && error.code === 'not_logged_in') return
  ElMessage.error({ message: wordFailure(error), grouping: true })
}
