// telusur.tsx - down from the nation to one line of one office: by place on one side, by activity on the other; every figure has
// its reason. The level shown follows from how deep the code goes, unless one is chosen.
import { Indicators, Indicator, Peers, Rollup, RollupRow, url, useQuery } from '../api';
import { placeColumns, results, rollupColumns, totalRow } from '../columns';
import { Panel } from '../figure';
import { approx } from '../format';
import { Link, Select, Stamp } from '../frame';
import { maybe, t } from '../i18n';
import { asked, code, office, region, until, year } from '../period';
import { filters, Filters, go } from '../route';
import { Column, Table } from '../table';

const LEVELS = ['urusan', 'bidang', 'program', 'kegiatan', 'subkegiatan', 'rekening', 'daun'] as const;
const NEXT: Record<string, string> = { urusan: 'bidang', bidang: 'program', program: 'kegiatan', kegiatan: 'subkegiatan' };

// The level below a code, from the number of its parts: 1 urusan, 2 bidang, 3 program; a kegiatan has 4 parts in
// the older list, 5 in the newer.
function below(c: string): string {
  const n = c === '' ? 0 : c.split('.').length;
  return ['program', 'bidang', 'program', 'kegiatan', 'subkegiatan', 'subkegiatan'][n] ?? 'daun';
}
const trail = (c: string): string[] => {
  const parts = c.split('.');
  return parts.map((_, i) => parts.slice(0, i + 1).join('.')).filter((x, i) => !(i === 3 && parts.length > 4) && x !== '');
};

export function Telusur() {
  const c = code.value,
    level = filters.value.level || below(c),
    account = /^\d\.\d(\.|$)/.test(c);
  const q = useQuery<Rollup>(url('rollup', { ...asked.value, code: c, level, with: 'coverage' })),
    a = q.data.value;
  const p = useQuery<Peers>(
    office.value ? null : url('peers', { year: year.value, until: until.value, region: region.value, code: c || 'total' }),
    500,
  ).data.value;
  const leaf = (r: RollupRow) => r.code === c || r.level === 'subkegiatan' || r.level === 'daun';
  const drill = (r: RollupRow): Filters =>
    leaf(r) ? { explain: r.figure } : { code: r.code, level: filters.value.level ? (NEXT[r.level] ?? '') : '' };
  const i = useQuery<Indicators>(
    office.value || region.value.length === 5
      ? url('indicators', { year: year.value, until: until.value, region: region.value, office: office.value, code: c })
      : null,
    1000,
  ).data.value;
  const of = results<Indicator>(
    r => r.indicator,
    r => r.reason,
  );
  const columns: Column<Indicator>[] = [
    { key: 'code', title: t('code'), value: r => r.code },
    { key: 'indicator', title: t('indicator'), value: r => r.indicator },
    of.target,
    of.reached,
    of.unit,
    of.achievement,
    { key: 'rating', title: t('rating'), value: r => r.rating },
    of.formula,
    { key: 'office', title: t('office'), value: r => r.office },
  ];
  return (
    <>
      <Stamp q={q} />
      <div class="bar">
        <nav aria-label={t('byCode')} class="crumbs">
          <ol>
            <li>
              <Link to={{ code: '', level: '' }} current={c === ''}>
                {t('total')}
              </Link>
            </li>
            {c !== '' &&
              trail(c).map(x => (
                <li key={x}>
                  <Link to={{ code: x, level: '' }} current={x === c}>
                    {x}
                  </Link>
                </li>
              ))}
          </ol>
        </nav>
        <Select
          name="level"
          label={t('level')}
          value={filters.value.level ?? ''}
          options={[['', `${t('byDepth')} (${maybe('', below(c))})`], ...LEVELS.map<[string, string]>(l => [l, t(l)])]}
          onChange={v => go({ level: v })}
        />
      </div>
      <p class="quiet">{t('drillHint')}</p>
      <div class="grid two">
        {!office.value && p && (
          <Panel title={t('byRegion')} wide>
            <Table
              name="tempat"
              caption={t('byRegion')}
              hideCaption
              columns={placeColumns(approx(a?.total.absorption))}
              rows={p.rows}
              id={r => r.office ?? r.region}
              first={20}
            />
          </Panel>
        )}
        {a && !account && (
          <Panel title={`${t('byCode')}: ${maybe('', a.level)}`} wide>
            <Table
              name="rekapitulasi"
              caption={t('byCode')}
              hideCaption
              columns={rollupColumns(drill)}
              rows={a.rows}
              foot={totalRow(a)}
              id={r => `${r.vintage}|${r.code}`}
            />
          </Panel>
        )}
        {a && account && (
          <Panel title={t('rekening')} wide>
            <Table
              name="rekening"
              caption={t('rekening')}
              hideCaption
              columns={rollupColumns(r => ({ explain: r.figure }))}
              rows={a.rows}
              foot={totalRow(a)}
              id={r => `${r.vintage}|${r.code}`}
            />
          </Panel>
        )}
        {i && i.rows.length > 0 && (
          <Panel title={t('indicators')} wide>
            <Table
              name="indikator"
              caption={t('indicators')}
              hideCaption
              columns={columns}
              rows={i.rows}
              id={r => r.figure}
              first={15}
            />
          </Panel>
        )}
      </div>
    </>
  );
}
