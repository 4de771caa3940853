// temuan.tsx - what was reported and cannot be right: by kind, then one by one, with what is printed, what it adds up to and by
// how much.
import { Finding, Findings, url, useQuery } from '../api';
import { Badge, Fig, Panel } from '../figure';
import { count } from '../format';
import { Link, Select, Stamp } from '../frame';
import { maybe, t } from '../i18n';
import { code, office, region, until, year } from '../period';
import { filters, go } from '../route';
import { Column, Table } from '../table';

const isNumber = (v: string | null) => v !== null && /^-?\d+(\.\d+)?$/.test(v);
const cell = (v: string | null) => (isNumber(v) ? <Fig v={v} kind="plain" /> : (v ?? '–'));

export function Temuan() {
  const { kind = '', state = '' } = filters.value;
  const base = { year: year.value, until: until.value, region: region.value, office: office.value, code: code.value };
  const q = useQuery<Findings>(url('findings', { ...base, corrected: state === 'corrected' ? 1 : '' }), 500),
    a = q.data.value;
  const inState = (a?.findings ?? []).filter(f => !state || state === 'corrected' || f.state === state);
  const counts = new Map<string, number>();
  for (const f of inState) counts.set(f.kind, (counts.get(f.kind) ?? 0) + 1);
  const kinds = [...counts].sort((x, y) => y[1] - x[1]),
    most = kinds[0]?.[1] ?? 1;
  const rows = inState.filter(f => !kind || f.kind === kind);
  const columns: Column<Finding>[] = [
    {
      key: 'kind',
      title: t('kind'),
      value: f => f.kind,
      show: f => (
        <>
          <button
            type="button"
            class="fig"
            data-figure={f.figure}
            aria-label={`${f.kind} ${f.code ?? ''} ${f.where}. ${t('explain')}`}
            onClick={() => go({ explain: f.figure, history: '' })}
          >
            {f.kind}
          </button>
          <br />
          <span class="quiet">{f.rule}</span>
        </>
      ),
    },
    {
      key: 'office',
      title: t('office'),
      value: f => f.office,
      show: f => (
        <Link to={{ office: f.office }} cls="id">
          {f.office}
        </Link>
      ),
    },
    {
      key: 'code',
      title: t('code'),
      value: f => f.code,
      show: f =>
        f.code ? <Link to={{ screen: 'telusur', office: f.office, code: f.code, kind: '', state: '' }}>{f.code}</Link> : '–',
    },
    { key: 'indicator', title: t('indicator'), fileOnly: true, value: f => f.indicator },
    {
      key: 'where',
      title: t('where'),
      value: f => f.where,
      show: f => (
        <>
          {f.where}
          {f.indicator && (
            <>
              <br />
              <span class="quiet">{f.indicator}</span>
            </>
          )}
        </>
      ),
    },
    { key: 'printed', title: t('printed'), number: true, value: f => f.printed, show: f => cell(f.printed) },
    { key: 'computed', title: t('computed'), number: true, value: f => f.computed, show: f => cell(f.computed) },
    { key: 'difference', title: t('difference'), number: true, value: f => f.difference, show: f => cell(f.difference) },
    {
      key: 'state',
      title: t('state'),
      value: f => f.state,
      show: f => <Badge mood={f.state === 'open' ? 'bad' : 'good'}>{maybe('', f.state)}</Badge>,
    },
    { key: 'rule', title: t('rule'), fileOnly: true, value: f => f.rule },
  ];
  return (
    <>
      <Stamp q={q} />
      <div class="bar">
        <Select
          name="kind"
          label={t('kind')}
          value={kind}
          options={[['', t('all')], ...kinds.map<[string, string]>(([k, n]) => [k, `${k} (${count(n)})`])]}
          onChange={v => go({ kind: v })}
        />
        <Select
          name="state"
          label={t('state')}
          value={state}
          options={[
            ['', `${t('open')} + ${t('explained')}`],
            ['open', t('open')],
            ['explained', t('explained')],
            ['corrected', t('corrected')],
          ]}
          onChange={v => go({ state: v })}
        />
      </div>
      {a && (
        <div class="grid">
          <Panel title={`${t('kinds')}: ${count(inState.length)}`}>
            <ul class="bars">
              {kinds.map(([k, n]) => (
                <li key={k}>
                  <Link to={{ kind: kind === k ? '' : k }} current={kind === k}>
                    {k}
                  </Link>
                  <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="track" width="100" height="8" />
                    <rect class="bar" width={(100 * n) / most} height="8" />
                  </svg>
                  <b>{count(n)}</b>
                </li>
              ))}
            </ul>
            {kinds.length === 0 && (
              <p>
                <Badge mood="good">{t('empty')}</Badge>
              </p>
            )}
          </Panel>
          <Panel title={kind || t('findings')} wide>
            <Table name="temuan" caption={t('findings')} hideCaption columns={columns} rows={rows} id={f => f.figure} />
          </Panel>
        </div>
      )}
    </>
  );
}
