// charts.tsx - small drawings of our own as SVG: each says in words what it shows, repeats no colour without a number or a shape,
// and stands beside a table with the same figures.
import { Link } from './frame';
import { approx, percent } from './format';
import { t } from './i18n';
import { Filters } from './route';

const clamp = (v: number, max: number) => Math.max(0, Math.min(max, v));

// A bar against its scale of 0..max per cent, with a mark where it ought to be.
export function Bullet({ v, mark, max = 120, label }: { v: string | null; mark?: number | null; max?: number; label: string }) {
  const x = approx(v),
    w = 100 / max;
  return (
    <svg class="bullet" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`${label}: ${percent(v)}`}>
      <rect class="track" x="0" y="1" width={100 * w} height="8" />
      {x !== null && <rect class="bar" x="0" y="3" width={clamp(x, max) * w} height="4" />}
      {mark !== null && mark !== undefined && <rect class="mark" x={clamp(mark, max) * w - 0.4} y="0" width="0.8" height="10" />}
    </svg>
  );
}

// Parts of a whole, in per cent; the parts are told apart by pattern as well.
export function Strip({ parts, label }: { parts: { share: number; kind: string }[]; label: string }) {
  let at = 0;
  return (
    <svg class="strip" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={label}>
      <defs>
        <pattern id="hatch" width="2" height="8" patternUnits="userSpaceOnUse">
          <rect class="estimated" width="1" height="8" />
        </pattern>
      </defs>
      <rect class="track" width="100" height="8" />
      {parts.map(p => {
        const x = at;
        at += p.share;
        return <rect key={p.kind} class={p.kind} x={x} y="0" width={p.share} height="8" />;
      })}
    </svg>
  );
}

// Where each province lies on the grid, and its short name.
const TILES: Record<string, [number, number, string]> = {
  11: [0, 0, 'Aceh'],
  12: [1, 0, 'Sumut'],
  14: [2, 1, 'Riau'],
  21: [3, 1, 'Kepri'],
  13: [1, 1, 'Sumbar'],
  15: [2, 2, 'Jambi'],
  17: [1, 2, 'Bengk'],
  16: [2, 3, 'Sumsel'],
  19: [3, 3, 'Babel'],
  18: [2, 4, 'Lampg'],
  36: [2, 5, 'Banten'],
  31: [3, 4, 'DKI'],
  32: [3, 5, 'Jabar'],
  33: [4, 5, 'Jateng'],
  34: [4, 6, 'DIY'],
  35: [5, 5, 'Jatim'],
  51: [6, 5, 'Bali'],
  52: [7, 5, 'NTB'],
  53: [8, 5, 'NTT'],
  61: [5, 2, 'Kalbar'],
  62: [6, 2, 'Kalteng'],
  63: [6, 3, 'Kalsel'],
  64: [7, 2, 'Kaltim'],
  65: [7, 1, 'Kaltara'],
  76: [8, 3, 'Sulbar'],
  72: [9, 2, 'Sulteng'],
  75: [9, 1, 'Goront'],
  71: [10, 1, 'Sulut'],
  73: [8, 4, 'Sulsel'],
  74: [9, 3, 'Sultra'],
  82: [11, 2, 'Malut'],
  81: [11, 4, 'Maluku'],
  96: [12, 2, 'PBD'],
  92: [12, 3, 'PapBar'],
  94: [13, 3, 'PapTeng'],
  91: [14, 2, 'Papua'],
  95: [14, 3, 'PapPeg'],
  93: [14, 4, 'PapSel'],
};
export interface Tile {
  code: string;
  name: string;
  value: string | null;
  partial: boolean;
  to: Filters;
}
const STEPS = [25, 50, 75, 90];
export const step = (v: string | null) => (v === null ? 'none' : `s${STEPS.filter(s => (approx(v) ?? 0) >= s).length}`);

export function TileMap({ tiles, label }: { tiles: Tile[]; label: string }) {
  const by = new Map(tiles.map(x => [x.code, x]));
  return (
    <figure class="map">
      <svg viewBox="0 0 601 281" role="group" aria-label={label}>
        {Object.entries(TILES).map(([code, [x, y, name]]) => {
          const tile = by.get(code);
          const at = { x: x * 40 + 1, y: y * 40 + 1 };
          const words = `${tile?.name ?? name}: ${tile ? percent(tile.value) : t('noData')}${tile?.partial ? `, ${t('partial')}` : ''}`;
          const body = (
            <g transform={`translate(${at.x} ${at.y})`}>
              <title>{words}</title>
              <rect class={`tile ${tile ? step(tile.value) : 'empty'}`} width="37" height="37" rx="4" />
              {tile?.partial && <path class="corner" d="M25 1h8a3 3 0 0 1 3 3v8z" />}
              <text class={`short ${tile ? step(tile.value) : 'empty'}`} x="18.5" y="15">
                {name}
              </text>
              <text class={`num ${tile ? step(tile.value) : 'empty'}`} x="18.5" y="28">
                {tile ? (tile.value === null ? '–' : Math.round(approx(tile.value)!)) : ''}
              </text>
            </g>
          );
          return tile ? (
            <Link key={code} to={tile.to} label={words}>
              {body}
            </Link>
          ) : (
            <g key={code} aria-hidden="true">
              {body}
            </g>
          );
        })}
      </svg>
      <figcaption class="legend">
        <span class="quiet">{t('scale')}</span>
        {['0', ...STEPS.map(String)].map((s, i) => (
          <span key={s} class="key">
            <i class={`s${i}`} aria-hidden="true" />≥ {s}
          </span>
        ))}
        <span class="key">
          <i class="empty" aria-hidden="true" />
          {t('noData')}
        </span>
        <span class="key">
          <i class="corner" aria-hidden="true" />
          {t('partial')}
        </span>
      </figcaption>
    </figure>
  );
}

export type Mark = 'yes' | 'part' | 'no' | 'later';
const SIGN: Record<Mark, string> = { yes: '●', part: '◐', no: '○', later: '·' };
export const monthState = (m: Mark) =>
  t(({ yes: 'month_reported', part: 'month_partial', no: 'month_missing', later: 'month_future' } as const)[m]);
export function Cell({ m, words }: { m: Mark; words: string }) {
  return (
    <span class={`cell ${m}`} role="img" aria-label={words} title={words}>
      {SIGN[m]}
    </span>
  );
}
