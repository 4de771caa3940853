// sistem.tsx - how the machines are: workers and how far behind, the events stream as this browser sees it, deliveries by office,
// metrics.
import { useEffect, useState } from 'preact/hooks';
import { Office, Status, stream, url, useQuery } from '../api';
import { Badge, Fig, Panel } from '../figure';
import { count, time } from '../format';
import { Stamp, useOffices } from '../frame';
import { t } from '../i18n';
import { Column, Table } from '../table';

const EVERY_MS = 5000;
interface Metric {
  name: string;
  labels: string;
  value: string;
}

// OpenMetrics text: names, labels, values; comments are left out.
function parse(text: string): Metric[] {
  return text.split('\n').flatMap(l => {
    const m = /^([a-zA-Z_:][\w:]*)(\{[^}]*\})? ([^ ]+)/.exec(l);
    return m ? [{ name: m[1]!, labels: m[2] ?? '', value: m[3]! }] : [];
  });
}
function useHealth(): { ready: boolean | null; metrics: Metric[] } {
  const [h, set] = useState<{ ready: boolean | null; metrics: Metric[] }>({ ready: null, metrics: [] });
  useEffect(() => {
    let gone = false;
    const look = async () => {
      try {
        const [r, m] = await Promise.all([fetch('/readyz'), fetch('/metrics')]);
        const metrics = m.ok ? parse(await m.text()) : [];
        if (!gone) set({ ready: r.ok, metrics });
      } catch {
        if (!gone) set(x => ({ ...x, ready: false }));
      }
    };
    void look();
    const i = setInterval(() => void look(), EVERY_MS);
    return () => {
      gone = true;
      clearInterval(i);
    };
  }, []);
  return h;
}

type Worker = Status['workers'][number];
export function Sistem() {
  const q = useQuery<Status>(url('status', {}), 500),
    a = q.data.value,
    s = stream.value,
    h = useHealth(),
    offices = useOffices()?.offices;
  const workers: Column<Worker>[] = [
    { key: 'worker', title: t('worker'), value: w => w.worker },
    {
      key: 'up',
      title: t('state'),
      value: w => (w.up ? 'up' : 'down'),
      show: w => (
        <Badge mood={w.up ? 'good' : 'bad'}>
          {w.up ? t('up') : t('down')}
          {w.refused && `: ${w.refused}`}
        </Badge>
      ),
    },
    { key: 'applied', title: t('applied'), number: true, value: w => w.applied, show: w => <Fig v={w.applied} kind="count" /> },
    { key: 'head', title: t('head'), number: true, value: w => w.head, show: w => <Fig v={w.head} kind="count" /> },
    { key: 'lag', title: t('lag'), number: true, value: w => w.lag, show: w => <Fig v={w.lag} kind="count" /> },
    { key: 'heard', title: t('heard'), value: w => w.heard, show: w => time(w.heard) },
  ];
  const intake: Column<Office>[] = [
    { key: 'office', title: t('office'), value: o => o.office },
    { key: 'name', title: t('name'), value: o => o.name },
    { key: 'region', title: t('region'), value: o => o.region },
    { key: 'role', title: t('role'), value: o => o.role },
    { key: 'status', title: t('status'), value: o => o.status },
    ...(['received', 'effective', 'same', 'superseded', 'late', 'refused'] as const).map<Column<Office>>(k => ({
      key: k,
      title: t(k === 'late' ? 'lateN' : k),
      number: true,
      value: o => o[k],
      show: o => <Fig v={o[k]} kind="count" />,
    })),
    { key: 'last_at', title: t('lastReport'), value: o => o.last_at, show: o => time(o.last_at) },
  ];
  const fact = (name: string, value: preact.ComponentChildren, id?: string) => (
    <div key={name}>
      <dt>{name}</dt>
      <dd data-fact={id}>{value}</dd>
    </div>
  );
  return (
    <>
      <Stamp q={q} />
      <div class="grid two">
        <Panel title={t('stream')}>
          {s && (
            <dl class="facts">
              {fact(t('state'), <Badge mood={s.up ? 'good' : 'bad'}>{s.up ? t('up') : t('down')}</Badge>, 'up')}
              {fact(t('heard'), time(s.heard), 'heard')}
              {fact(t('position'), s.position, 'position')}
              {fact(t('number'), count(s.number), 'number')}
              {fact(t('events'), count(s.events), 'events')}
              {fact(t('resyncs'), count(s.resyncs), 'resyncs')}
              {fact(t('connects'), count(s.connects), 'connects')}
              {fact(t('duplicates'), count(s.duplicates), 'duplicates')}
              {fact(t('gaps'), count(s.gaps), 'gaps')}
              {fact(t('tabs'), count(s.tabs), 'tabs')}
            </dl>
          )}
        </Panel>
        <Panel title={t('aggregator')}>
          {a && (
            <dl class="facts">
              {fact(t('version'), `${a.program} ${a.version}`)}
              {fact(
                t('readyz'),
                h.ready === null ? '…' : <Badge mood={h.ready ? 'good' : 'bad'}>{h.ready ? t('yes') : t('no')}</Badge>,
                'ready',
              )}
              {fact(t('commits'), count(a.commits))}
              {fact(t('updates'), count(a.updates))}
            </dl>
          )}
        </Panel>
        {a && (
          <Panel title={t('workers')} wide>
            <Table name="worker" caption={t('workers')} hideCaption columns={workers} rows={a.workers} id={w => w.worker} />
          </Panel>
        )}
        <Panel title={t('intake')} wide>
          {offices ? (
            <Table name="kiriman" caption={t('intake')} hideCaption columns={intake} rows={offices} id={o => o.office} />
          ) : (
            <p class="quiet">{t('tooMany')}</p>
          )}
        </Panel>
        <Panel title={t('metrics')} wide>
          {h.metrics.length === 0 ? (
            <p class="quiet">{t('noMetrics')}</p>
          ) : (
            <Table
              name="metrics"
              caption={t('metrics')}
              hideCaption
              rows={h.metrics}
              id={m => m.name + m.labels}
              columns={[
                { key: 'name', title: t('name'), value: m => m.name },
                { key: 'labels', title: t('kind'), value: m => m.labels },
                { key: 'value', title: t('value'), number: true, value: m => m.value },
              ]}
            />
          )}
        </Panel>
      </div>
    </>
  );
}
