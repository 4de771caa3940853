// table.tsx - the one table of the page: real table markup, a caption, sorting by buttons in the head (told by aria-sort),
// figures in tabular numerals on the right, a first column that heads its row (on a phone each row is a card; the roles are
// written out because a changed display takes them away), and the whole of it as CSV or XLSX, not only what is shown.
import { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { scaled } from './format';
import { t } from './i18n';
import { filters } from './route';

export interface Column<T> {
  key: string; // name in files: stable, not translated
  title: string;
  number?: boolean;
  fileOnly?: boolean; // stands on the screen within another column
  value: (r: T) => string | number | null | undefined; // what is sorted and exported
  show?: (r: T) => ComponentChildren; // what is seen, when that is more
}
interface Props<T> {
  name: string;
  caption: string;
  columns: Column<T>[];
  rows: T[];
  foot?: T;
  id: (r: T) => string;
  mark?: (r: T) => string;
  first?: number;
  hideCaption?: boolean;
}

const SHOWN = 60,
  SHOWN_NARROW = 15; // rows at first; on a phone a row is a card

function compare(a: string | number | null | undefined, b: string | number | null | undefined, number: boolean): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  if (number && /^-?\d+(\.\d+)?$/.test(String(a)) && /^-?\d+(\.\d+)?$/.test(String(b))) {
    const x = scaled(String(a), 6),
      y = scaled(String(b), 6);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return String(a).localeCompare(String(b), 'id', { numeric: true });
}

export function Table<T>({ name, caption, columns: all, rows, foot, id, mark, first = SHOWN, hideCaption }: Props<T>) {
  const [sort, setSort] = useState<{ key: string; down: boolean } | null>(null),
    [more, setMore] = useState(innerWidth < 780 ? Math.min(first, SHOWN_NARROW) : first);
  const columns = all.filter(c => !c.fileOnly);
  const by = sort ? columns.find(c => c.key === sort.key) : undefined;
  const sorted =
    by && sort ? [...rows].sort((a, b) => compare(by.value(a), by.value(b), !!by.number) * (sort.down ? -1 : 1)) : rows;
  const shown = sorted.slice(0, more);

  async function file(kind: 'csv' | 'xlsx') {
    const { csv, save, xlsx } = await import('./export');
    const lines = foot ? [...sorted, foot] : sorted;
    const sheet = {
      name,
      columns: all.map(c => ({ key: c.key, number: !!c.number })),
      rows: lines.map(r =>
        all.map(c => {
          const v = c.value(r);
          return v === null || v === undefined ? null : String(v);
        }),
      ),
    };
    const q = filters.value,
      period = [q.region, q.office, q.year, q.until, q.as_of?.replaceAll(/[^\w.-]+/g, '_')].filter(Boolean).join('-');
    save(kind === 'csv' ? csv(sheet) : xlsx(sheet), `rekap-${name}${period ? `-${period}` : ''}.${kind}`);
  }
  const line = (r: T) =>
    columns.map((c, i) => {
      const body = c.show ? c.show(r) : (c.value(r) ?? '–');
      const cls = c.number ? 'n' : undefined;
      return i === 0 && body !== '' ? (
        <th key={c.key} role="rowheader" scope="row" class={cls}>
          {body}
        </th>
      ) : (
        <td key={c.key} role="cell" class={cls} data-title={c.title}>
          {body}
        </td>
      );
    });
  return (
    <div class="sheet">
      <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
        <table role="table" data-table={name}>
          <caption class={hideCaption ? 'hidden' : undefined}>{caption}</caption>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map(c => {
                const on = sort?.key === c.key;
                return (
                  <th
                    key={c.key}
                    role="columnheader"
                    scope="col"
                    class={c.number ? 'n' : undefined}
                    aria-sort={on ? (sort.down ? 'descending' : 'ascending') : undefined}
                  >
                    <button
                      type="button"
                      class="sort"
                      title={t('sortBy', { c: c.title })}
                      onClick={() => setSort(on ? (sort.down ? null : { key: c.key, down: true }) : { key: c.key, down: false })}
                    >
                      {c.title}
                      <span aria-hidden="true">{on ? (sort.down ? ' ▾' : ' ▴') : ''}</span>
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.map(r => (
              <tr role="row" key={id(r)} class={mark?.(r)}>
                {line(r)}
              </tr>
            ))}
          </tbody>
          {foot && (
            <tfoot role="rowgroup">
              <tr role="row">{line(foot)}</tr>
            </tfoot>
          )}
        </table>
      </div>
      {rows.length === 0 && <p class="quiet">{t('empty')}</p>}
      <p class="tools">
        <span class="quiet">{t('rows', { n: rows.length })}</span>
        {rows.length > shown.length && (
          <button type="button" onClick={() => setMore(more + 200)}>
            {t('more', { n: Math.min(200, rows.length - shown.length) })}
          </button>
        )}
        {rows.length > 0 && (
          <>
            <button type="button" data-file="csv" aria-label={`${t('download')} CSV: ${caption}`} onClick={() => void file('csv')}>
              {t('csv')}
            </button>
            <button
              type="button"
              data-file="xlsx"
              aria-label={`${t('download')} XLSX: ${caption}`}
              onClick={() => void file('xlsx')}
            >
              {t('xlsx')}
            </button>
          </>
        )}
      </p>
    </div>
  );
}
