/** Asks before something is lost. */
import { ElMessageBox } from 'element-plus'
import { i18n } from '@/i18n'

export async function isConfirmed(text: string, title: string): Promise<boolean> {
  const { t } = i18n.global
  const options = { type: 'warning', confirmButtonText: t('shell.confirm'), cancelButtonText: t('shell.cancel') } as const
  return ElMessageBox.confirm(text, title, options).then(
    () => true,
    () => false,
  )
}
