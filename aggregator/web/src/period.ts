// period.ts - which year, months and place the screens are about: what the address says, else the newest year anything was
// reported of.
import { computed, signal } from '@preact/signals';
import { lang, filters } from './route';
import { t } from './i18n';

declare const REGIONS: string;
export const knownYears = signal<{ year: number; reported: boolean }[]>([]);
export const yearsKnown = signal(false);
export const regionNames = signal<Record<string, string>>({});
export const answered = signal<Record<string, string>>({}); // names of regions as answers give them: the centre's own list wins
export const offices = signal(0); // how many offices the place on the screen has

const now = new Date();
export const thisYear = now.getFullYear();
export const year = computed<number>(() => {
  const asked = Number(filters.value.year);
  if (asked >= 1900 && asked <= 2999) return asked;
  const known = knownYears.value;
  return (known.filter(y => y.reported).pop() ?? known[known.length - 1])?.year ?? thisYear;
});
export const until = computed<number>(() => {
  const asked = Number(filters.value.until);
  if (Number.isInteger(asked) && asked >= 1 && asked <= 12) return asked;
  return year.value < thisYear ? 12 : Math.max(1, now.getMonth());
});
export const region = computed(() => (/^\d\d(\.\d\d)?$/.test(filters.value.region ?? '') ? filters.value.region! : ''));
export const office = computed(() => filters.value.office ?? '');
export const code = computed(() => filters.value.code ?? '');

export async function loadRegions(): Promise<void> {
  try {
    regionNames.value = (await (await fetch(REGIONS)).json()) as Record<string, string>;
  } catch {
    /* codes stand for the names */
  }
}
export function regionName(c: string): string {
  lang.value;
  return c === '' ? t('indonesia') : (answered.value[c] ?? regionNames.value[c] ?? c);
}
export function learnName(c: string | undefined, name: string | undefined | null): void {
  if (c && name && answered.peek()[c] !== name) answered.value = { ...answered.peek(), [c]: name };
}
// What every question about a period takes.
export const asked = computed(() => ({
  year: year.value,
  until: until.value,
  region: region.value,
  office: office.value,
  stage: filters.value.stage,
}));
export const MANY_OFFICES = 1000;
