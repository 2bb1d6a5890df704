/** Element Plus' table column, with the type of the rows that its table shows. */
import { ElTableColumn } from 'element-plus'

type Column<Row> = new () => {
  $props: {
    label?: string
    prop?: keyof Row & string
    width?: string | number
    minWidth?: string | number
    align?: 'left' | 'center' | 'right'
  }
  $slots: { default?: (scope: { row: Row; $index: number }) => unknown; header?: () => unknown }
}

export function columnOf<Row>(): Column<Row> {
  return ElTableColumn as unknown as Column<Row>
}
