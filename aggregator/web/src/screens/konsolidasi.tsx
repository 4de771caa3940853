// konsolidasi.tsx - the close of a quarter: deadlines, where each office stands, what is in the way and what to do about it, how
// the sums moved since the quarter before; the seals with their roots, what reopened them, and what came after their cut. The page looks; the steps themselves are signed
// on the command line.
import { Close, Closes, Late, LateRow, Seal, url, useQuery } from '../api';
import { Badge, Fig, Mood, Panel } from '../figure';
import { count, date, time } from '../format';
import { Link, Select, Stamp } from '../frame';
import { maybe, t } from '../i18n';
import { office, region, until, year } from '../period';
import { filters, go } from '../route';
import { Column, Table } from '../table';

const MOOD: Record<string, Mood> = {
  terbuka: 'none',
  diajukan: 'warn',
  diverifikasi: 'good',
  dikonsolidasikan: 'good',
  dikembalikan: 'bad',
  'dibuka-kembali': 'warn',
};
const ORDER = ['terbuka', 'dikembalikan', 'dibuka-kembali', 'diajukan', 'diverifikasi', 'dikonsolidasikan'];
const REOPEN = ['reopen', 'buka-kembali'];
interface Blocker {
  office: string;
  kind: string;
  code: string | null;
  where: string | null;
  text: string;
  todo: string;
  n: number;
}
interface Step {
  office: string;
  step: string;
  round: number;
  by: string;
  at: string;
  reason: string | null;
  effect: boolean;
  why: string | null;
  n: number;
}

const fileOf = (region: string, quarter: string, s: Seal) => `segel/${region}/${quarter}-${s.version}.segel`;

// One row a seal, the newest first: its file, its root, and what it restates.
function Seals({ a, quarter }: { a: Closes; quarter: string }) {
  const rows = [...a.seals].sort((x, y) => y.version - x.version),
    newest = rows[0];
  const columns: Column<Seal>[] = [
    { key: 'version', title: t('version'), number: true, value: s => s.version },
    {
      key: 'what',
      title: t('state'),
      value: s => (s.version > 1 ? 'restatement' : 'first'),
      show: s => (
        <>
          <Badge mood={s === newest ? 'good' : 'none'}>{s === newest ? t('sealHolds') : t('sealBefore')}</Badge>{' '}
          {s.version > 1 && t('restates', { n: s.version - 1 })}
        </>
      ),
    },
    { key: 'root', title: t('root'), value: s => s.root, show: s => <code class="hash">{s.root}</code> },
    { key: 'at', title: t('at'), value: s => s.at, show: s => time(s.at) },
    { key: 'by', title: t('actor'), value: s => s.by },
    {
      key: 'cut',
      title: t('cut'),
      value: s => s.cut,
      show: s => (
        <Link to={{ screen: 'telusur', as_of: s.cut }} label={`${t('pictureAt')} ${s.cut}`}>
          {s.cut}
        </Link>
      ),
    },
    {
      key: 'file',
      title: t('origin'),
      value: s => fileOf(a.region ?? '', quarter, s),
      show: s => <code>{fileOf(a.region ?? '', quarter, s)}</code>,
    },
  ];
  return (
    <Panel title={t('seals')} wide>
      {rows.length === 0 ? (
        <p class="quiet">{t('noSeal')}</p>
      ) : (
        <Table name="segel" caption={t('seals')} hideCaption columns={columns} rows={rows} id={s => String(s.version)} />
      )}
      <p>{t('sealHint')}</p>
      <p>
        <code>rekap seal verify {newest ? fileOf(a.region ?? '', quarter, newest) : t('fileWord')}</code>
      </p>
    </Panel>
  );
}

// What was stated of the sealed quarter after its cut: it counts in the present, and in the seal only after a restatement.
function AfterTheSeal({ quarter }: { quarter: string }) {
  const q = useQuery<Late>(region.value || office.value ? url('late', { quarter, region: region.value, office: office.value }) : null, 2000),
    a = q.data.value;
  const columns: Column<LateRow>[] = [
    { key: 'at', title: t('at'), value: r => r.statement.committed_at, show: r => time(r.statement.committed_at) },
    { key: 'office', title: t('office'), value: r => r.office, show: r => <span class="id">{r.office}</span> },
    { key: 'code', title: t('code'), value: r => r.account ?? r.code, show: r => [r.code, r.account].filter(Boolean).join(' · ') },
    { key: 'measure', title: t('measure'), value: r => r.measure, show: r => maybe('measure_', r.measure) },
    { key: 'month', title: t('month'), number: true, value: r => r.month },
    { key: 'sealed', title: t('sealedValue'), number: true, value: r => r.sealed, show: r => cell(r.sealed) },
    { key: 'value', title: t('value'), number: true, value: r => r.value, show: r => cell(r.value) },
    {
      key: 'stands',
      title: t('state'),
      value: r => (r.stands ? 'ya' : 'tidak'),
      show: r => <Badge mood={r.stands ? 'warn' : 'none'}>{r.stands ? t('lateStands') : t('lateGone')}</Badge>,
    },
  ];
  if (!a?.seal) return null;
  return (
    <Panel title={`${t('lateOf', { n: a.seal.version })}: ${count(a.count)}`} wide>
      <Table
        name="susulan"
        caption={t('lateOf', { n: a.seal.version })}
        hideCaption
        columns={columns}
        rows={a.late}
        id={r => `${r.statement.worker}:${r.statement.lsn}:${r.statement.index}`}
        first={25}
      />
    </Panel>
  );
}
const isNumber = (v: string | null) => v !== null && /^-?\d+(\.\d+)?$/.test(v);
const cell = (v: string | null) => (isNumber(v) ? <Fig v={v} kind="plain" /> : (v ?? '–'));

const money = (d: Close['difference'], which: 'budget' | 'realised') =>
  d === null || d === undefined ? null : typeof d === 'string' ? (which === 'realised' ? d : null) : (d[which] ?? null);

export function Konsolidasi() {
  const quarter = /^\d{4}-Q[1-4]$/.test(filters.value.quarter ?? '')
    ? filters.value.quarter!
    : `${year.value}-Q${Math.ceil(until.value / 3)}`;
  const q = useQuery<Closes>(
      url('closes', { quarter, region: region.value, office: office.value, rehearse: region.value || office.value ? 1 : '' }),
      1000,
    ),
    a = q.data.value;
  const rehearsed = a?.blocker_count !== undefined;
  const blockers = (a?.closes ?? []).flatMap(c => (c.blockers ?? []).map<Blocker>((b, n) => ({ ...b, office: c.office, n })));
  const steps = (a?.closes ?? []).flatMap(c =>
    c.steps.map<Step>((s, n) => ({
      office: c.office,
      step: s.step,
      round: s.round,
      by: s.by,
      at: s.at,
      reason: s.reason,
      effect: s.effect,
      why: s.why_text ?? s.why,
      n,
    })),
  );
  const opened = steps.filter(s => REOPEN.includes(s.step));
  const offices: Column<Close>[] = [
    {
      key: 'office',
      title: t('office'),
      value: c => c.name,
      show: c => <Link to={{ screen: 'telusur', office: c.office }}>{c.name}</Link>,
    },
    {
      key: 'state',
      title: t('state'),
      value: c => c.state,
      show: c => <Badge mood={MOOD[c.state] ?? 'none'}>{maybe('st_', c.state)}</Badge>,
    },
    {
      key: 'reported',
      title: t('reported'),
      value: c => (c.reported ? 'ya' : 'belum'),
      show: c => (c.reported ? <Badge mood="good">{t('month_reported')}</Badge> : <Badge mood="bad">{t('notReported')}</Badge>),
    },
    { key: 'round', title: t('round'), number: true, value: c => c.round },
    { key: 'by', title: t('actor'), value: c => c.by },
    { key: 'since', title: t('since'), value: c => c.since, show: c => time(c.since) },
    ...((rehearsed
      ? [
          { key: 'blockers', title: t('blockers'), number: true, value: (c: Close) => c.blockers?.length ?? 0 },
          {
            key: 'realised',
            title: t('realised'),
            number: true,
            value: (c: Close) => c.total?.realised ?? null,
            show: (c: Close) => (
              <Fig
                v={c.total?.realised}
                at={`${c.office}/${quarter.slice(0, 4)}/realised/total?until=${a!.closes && Number(quarter.slice(6)) * 3}`}
                label={c.name}
              />
            ),
          },
          {
            key: 'difference',
            title: t('toPrevious'),
            number: true,
            value: (c: Close) => money(c.difference, 'realised'),
            show: (c: Close) => <Fig v={money(c.difference, 'realised')} />,
          },
        ]
      : []) as Column<Close>[]),
    { key: 'reason', title: t('reason'), value: c => c.reason },
  ];
  const inTheWay: Column<Blocker>[] = [
    {
      key: 'kind',
      title: t('kind'),
      value: b => b.kind,
      show: b => <Badge mood={b.kind === 'peringatan' ? 'warn' : 'bad'}>{b.kind}</Badge>,
    },
    { key: 'office', title: t('office'), value: b => b.office, show: b => <span class="id">{b.office}</span> },
    {
      key: 'code',
      title: t('code'),
      value: b => b.code,
      show: b => (b.code ? <Link to={{ screen: 'temuan', office: b.office, code: b.code }}>{b.code}</Link> : '–'),
    },
    { key: 'text', title: t('why'), value: b => b.text },
    { key: 'where', title: t('where'), value: b => b.where },
    { key: 'todo', title: t('todo'), value: b => b.todo, show: b => <code>{b.todo}</code> },
  ];
  const done: Column<Step>[] = [
    { key: 'at', title: t('at'), value: s => s.at, show: s => time(s.at) },
    { key: 'office', title: t('office'), value: s => s.office },
    { key: 'step', title: t('steps'), value: s => s.step },
    { key: 'round', title: t('round'), number: true, value: s => s.round },
    { key: 'by', title: t('actor'), value: s => s.by },
    { key: 'reason', title: t('reason'), value: s => s.reason },
    {
      key: 'effect',
      title: t('state'),
      value: s => (s.effect ? 'ya' : s.why),
      show: s =>
        s.effect ? (
          <Badge mood="good">{t('yes')}</Badge>
        ) : (
          <Badge mood="bad">
            {t('noEffect')}: {s.why}
          </Badge>
        ),
    },
  ];
  const quarters = [year.value - 1, year.value, year.value + 1].flatMap(y =>
    [1, 2, 3, 4].map<[string, string]>(n => [`${y}-Q${n}`, `${y} TW ${n}`]),
  );
  return (
    <>
      <Stamp q={q} />
      <div class="bar">
        <Select name="quarter" label={t('quarter')} value={quarter} options={quarters} onChange={v => go({ quarter: v })} />
      </div>
      {a && (
        <>
          <div class="answers">
            <section class="answer">
              <h2>
                {rehearsed ? (
                  <Badge mood={a.ready ? 'good' : 'bad'}>
                    {a.ready ? t('ready') : t('notReady', { n: count(a.blocker_count!) })}
                  </Badge>
                ) : (
                  <Badge mood="none">{t('rehearsalNation')}</Badge>
                )}
              </h2>
              <ul class="states">
                {ORDER.filter(s => a.states[s]).map(s => (
                  <li key={s}>
                    <Badge mood={MOOD[s] ?? 'none'}>{maybe('st_', s)}</Badge> <b>{count(a.states[s])}</b>
                  </li>
                ))}
              </ul>
            </section>
            <section class="answer">
              <h2>{t('deadlines')}</h2>
              {(
                [
                  ['officeDeadline', a.deadline.office],
                  ['cityDeadline', a.deadline.city],
                ] as const
              ).map(([k, d]) => (
                <p key={k}>
                  {t(k)}: {date(d.date)} ({a.zone}){' '}
                  <Badge mood={d.working_days_left < 0 ? 'bad' : d.working_days_left <= 2 ? 'warn' : 'good'}>
                    {d.working_days_left < 0
                      ? t('daysLate', { n: count(-d.working_days_left) })
                      : t('daysLeft', { n: count(d.working_days_left) })}
                  </Badge>
                </p>
              ))}
            </section>
          </div>
          <Panel title={t('checklist')} wide>
            <Table name="konsolidasi" caption={t('checklist')} hideCaption columns={offices} rows={a.closes} id={c => c.office} />
          </Panel>
          {rehearsed && (
            <Panel title={`${t('rehearsal')}: ${t('blockers')}`} wide>
              <Table
                name="penghalang"
                caption={t('blockers')}
                hideCaption
                columns={inTheWay}
                rows={blockers}
                id={b => `${b.office}|${b.n}`}
                first={25}
              />
            </Panel>
          )}
          {steps.length > 0 && (
            <Panel title={t('steps')} wide>
              <Table name="langkah" caption={t('steps')} hideCaption columns={done} rows={steps} id={s => `${s.office}|${s.n}`} />
            </Panel>
          )}
          {opened.length > 0 && (
            <Panel title={t('reopened')} wide>
              <Table
                name="dibuka-kembali"
                caption={t('reopened')}
                hideCaption
                columns={done.filter(c => c.key !== 'step')}
                rows={opened}
                id={s => `${s.office}|${s.n}`}
              />
            </Panel>
          )}
          <Seals a={a} quarter={quarter} />
          <AfterTheSeal quarter={quarter} />
        </>
      )}
    </>
  );
}
