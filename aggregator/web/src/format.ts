// format.ts - figures as text. Amounts arrive as decimal strings and stay integers (sen) all the way: no figure is ever a float.
// Rounding is half away from zero, as everywhere in rekap. Indonesian: 1.234.567,89 and "Rp 5,21 M"; English: 1,234,567.89, "Rp
// 5.21 bn".
import { lang } from './route';

const NBSP = '\u00a0';
const point = () => (lang.value === 'id' ? ',' : '.');
const group = (digits: string) => digits.replace(/\B(?=(\d{3})+$)/g, lang.value === 'id' ? '.' : ',');

// A decimal string as an integer of 10^-places; digits beyond are cut (amounts have two places).
export function scaled(s: string, places: number): bigint {
  const [, sign, whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d*))?$/.exec(s) ?? [];
  const v = BigInt(whole + part.padEnd(places, '0').slice(0, places));
  return sign ? -v : v;
}

export function exact(s: string | null | undefined): string {
  if (s === null || s === undefined) return '–';
  const [, sign, whole, part] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(s) ?? [];
  if (whole === undefined) return s; // a predicate or a text: shown as it is
  return (sign ? '−' : '') + group(whole) + (part ? point() + part : '');
}

const UNITS: [bigint, string, string][] = [
  [10n ** 14n, 'T', 'tn'],
  [10n ** 11n, 'M', 'bn'],
  [10n ** 8n, 'jt', 'm'],
  [10n ** 5n, 'rb', 'k'],
];

// Two places of the greatest unit that fits; `exact` stands beside it wherever this is shown.
export function short(s: string | null | undefined): string {
  if (s === null || s === undefined) return '–';
  const v = scaled(s, 2),
    a = v < 0n ? -v : v;
  const unit = UNITS.find(([size]) => a >= size);
  const size = unit ? unit[0] : 100n;
  const r = (a * 100n + size / 2n) / size;
  const text = unit ? group(String(r / 100n)) + point() + String(r % 100n).padStart(2, '0') : group(String(r / 100n));
  return (v < 0n ? '−' : '') + 'Rp' + NBSP + text + (unit ? NBSP + (lang.value === 'id' ? unit[1] : unit[2]) : '');
}

export const rupiah = (s: string | null | undefined) => (s === null || s === undefined ? '–' : 'Rp' + NBSP + exact(s));
export const percent = (s: string | null | undefined) => (s === null || s === undefined ? '–' : exact(s) + NBSP + '%');
export const points = (s: string | null | undefined) =>
  s === null || s === undefined ? '–' : (s.startsWith('-') ? '' : '+') + exact(s) + NBSP + 'pp';
export const count = (n: number | null | undefined) => (n === null || n === undefined ? '–' : group(String(n)));
// For drawing only: a position on a screen has a few hundred steps.
export const approx = (s: string | null | undefined) => (s === null || s === undefined ? null : Number(s));

const LOCALE = { id: 'id-ID', en: 'en-GB' } as const;
export function time(s: string | number | null | undefined, withDate = true): string {
  if (s === null || s === undefined) return '–';
  return new Intl.DateTimeFormat(LOCALE[lang.value], {
    ...(withDate ? { day: 'numeric', month: 'short', year: 'numeric' } : {}),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(new Date(s));
}
export const date = (s: string) =>
  new Intl.DateTimeFormat(LOCALE[lang.value], { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' }).format(
    new Date(s),
  );
export const month = (m: number, width: 'long' | 'short' | 'narrow' = 'short') =>
  new Intl.DateTimeFormat(LOCALE[lang.value], { month: width, timeZone: 'UTC' }).format(new Date(Date.UTC(2000, m - 1, 1)));
export const position = (p: Record<string, number>, between = ' ') =>
  Object.entries(p)
    .map(([w, n]) => `${w}:${n}`)
    .join(between);

// budget - realised and the like; both with two places.
export function minus(a: string, b: string): string {
  const v = scaled(a, 2) - scaled(b, 2),
    n = (v < 0n ? -v : v).toString().padStart(3, '0');
  return (v < 0n ? '-' : '') + n.slice(0, -2) + '.' + n.slice(-2);
}
