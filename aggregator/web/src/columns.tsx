// columns.tsx - the columns that tables of several screens share, said once: sums of money with their bar, results of indicators,
// places and activities.
import { ComponentChildren } from 'preact';
import { Complete, Money, PeerRow, Rollup, RollupRow } from './api';
import { Bullet } from './charts';
import { Fig, Kind } from './figure';
import { count } from './format';
import { Link } from './frame';
import { t } from './i18n';
import { Filters } from './route';
import { Column } from './table';

type Addresses = { [measure: string]: string | undefined };
const at = (r: { figures?: unknown }, measure: string) => (r.figures as Addresses | null | undefined)?.[measure];

interface Sum {
  name: string | null;
  code?: string;
  budget: Money | null;
  realised: Money | null;
  absorption: string | null;
  complete: Complete;
  figures?: unknown;
}
const called = (r: { name?: string | null; code?: string }) => r.name ?? r.code ?? '';

// kind: how amounts are shown; mark, max: of the bar.
export function sums<T extends Sum>(kind: Kind = 'money', mark: number | null = null, max?: number) {
  const amount = (key: 'budget' | 'realised'): Column<T> => ({
    key,
    title: t(key),
    number: true,
    value: r => r[key],
    show: r => <Fig v={r[key]} kind={kind} at={at(r, key)} label={called(r)} />,
  });
  const absorption: Column<T> = {
    key: 'absorption',
    title: t('absorption'),
    number: true,
    value: r => r.absorption,
    show: r => (
      <span class="with-bar">
        <Bullet v={r.absorption} mark={mark} max={max} label={called(r)} />
        <Fig v={r.absorption} kind="percent" at={at(r, 'absorption')} label={called(r)} />
      </span>
    ),
  };
  const reported: Column<T> = {
    key: 'reported',
    title: t('reported'),
    number: true,
    value: r => `${r.complete.offices}/${r.complete.of}`,
  };
  return { budget: amount('budget'), realised: amount('realised'), absorption, reported };
}

interface Result {
  target?: string | null;
  reached?: string | null;
  achievement?: string | null;
  unit?: string | null;
  formula?: string | null;
  figures?: unknown;
}
// label: what a screen reader calls the figure's row; why: what stands where there is no achievement; max: with a bar up to it.
export function results<T extends Result>(label: (r: T) => string, why: (r: T) => string | null | undefined, max?: number) {
  const plain = (key: 'target' | 'reached'): Column<T> => ({
    key,
    title: t(key),
    number: true,
    value: r => r[key],
    show: r => <Fig v={r[key]} kind="plain" at={at(r, key)} label={label(r)} />,
  });
  const shown = (r: T): ComponentChildren => (
    <Fig v={r.achievement} kind="percent" at={at(r, 'achievement')} label={label(r)} />
  );
  const achievement: Column<T> = {
    key: 'achievement',
    title: t('achievement'),
    number: true,
    value: r => r.achievement,
    show: r =>
      !r.achievement ? (
        <span class="quiet">{why(r) ?? '–'}</span>
      ) : max ? (
        <span class="with-bar">
          <Bullet v={r.achievement} mark={100} max={max} label={label(r)} />
          {shown(r)}
        </span>
      ) : (
        shown(r)
      ),
  };
  const unit: Column<T> = { key: 'unit', title: t('unit'), value: r => r.unit };
  const formula: Column<T> = { key: 'formula', title: t('formula'), value: r => r.formula };
  return { target: plain('target'), reached: plain('reached'), achievement, unit, formula };
}

export const placeName = (title: string): Column<PeerRow> => ({
  key: 'name',
  title,
  value: r => r.name,
  show: r => <Link to={{ screen: 'telusur', region: r.region, office: r.office ?? '' }}>{r.name}</Link>,
});
export function placeColumns(mark: number | null, narrow = false): Column<PeerRow>[] {
  const s = sums<PeerRow>(narrow ? 'short' : 'money', mark);
  const code: Column<PeerRow> = { key: 'code', title: t('code'), value: r => r.office ?? r.region };
  return [...(narrow ? [] : [code]), placeName(t('name')), s.budget, s.realised, s.absorption, s.reported];
}

export function rollupColumns(drill?: (r: RollupRow) => Filters | null): Column<RollupRow>[] {
  const s = sums<RollupRow>();
  return [
    { key: 'code', title: t('code'), value: r => r.code },
    {
      key: 'name',
      title: t('name'),
      value: r => r.name,
      show: r => {
        const to = r.code ? drill?.(r) : null;
        return to ? <Link to={to}>{called(r)}</Link> : (r.name ?? '');
      },
    },
    s.budget,
    s.realised,
    s.absorption,
    {
      key: 'printed',
      title: t('printed'),
      number: true,
      value: r => r.reported?.realised ?? null,
      show: r => <Fig v={r.reported?.realised} />,
    },
    {
      key: 'findings',
      title: t('findings'),
      number: true,
      value: r => r.findings,
      show: r =>
        r.findings ? (
          <Link to={{ screen: 'temuan', code: r.code, kind: '', state: '' }} label={`${t('findings')}: ${r.findings}`}>
            {count(r.findings)}
          </Link>
        ) : (
          '0'
        ),
    },
    s.reported,
  ];
}
export const totalRow = (a: Rollup): RollupRow => ({
  ...a.total,
  code: '',
  name: t('total'),
  vintage: '',
  level: '',
  complete: a.complete,
});
