/** The columns of the run table: what they are called, sort by, and how a cell looks. */

function axisColumn(axis) {
  return {
    key: axis.name, title: axis.short, full: axis.name, kind: 'axis', width: columnWidth(axis.short, axis.levels),
    sort: (run) => axis.ofRun[run.index], cell: (run) => level(axis, run), numeric: Boolean(axis.numbers),
  };
}

function metricColumn(metric) {
  return {
    key: metric, title: metric, full: data.metrics.find((item) => item.name === metric).about || metric,
    kind: 'metric', width: Math.max(92, metric.length * 8 + 34), numeric: true,
    sort: (run) => final(metric, run), cell: (run) => metricValue(metric, final(metric, run)),
  };
}

function configColumn(key) {
  const { values } = data.config.differs[key];
  return {
    key, title: key, full: key, kind: 'config', width: columnWidth(key, values),
    sort: (run) => configValue(key, run), cell: (run) => configValue(key, run) ?? MISSING,
  };
}

function columnWidth(title, values) {
  const longest = Math.max(title.length + 3, ...values.slice(0, 60).map((value) => String(value ?? '').length));
  return Math.min(260, Math.max(74, longest * 7.6 + 26));
}

const axisNames = new Set(axes.map((axis) => axis.name));
const allColumns = [
  ...axes.map(axisColumn),
  ...metrics.map(metricColumn),
  ...Object.keys(data.config.differs).filter((key) => !axisNames.has(key)).map(configColumn),
  { key: 'state', title: 'state', full: 'Where the run stands', kind: 'fixed', width: 104,
    sort: (run) => run.state, cell: stateCell },
  { key: 'id', title: 'run', full: 'The run’s folder', kind: 'fixed', width: 300, sort: (run) => run.id, cell: (run) => run.id },
];
const HIDDEN_AT_FIRST = new Set(allColumns.filter((column) => column.kind === 'config').map((column) => column.key));

function shownColumns() {
  const hide = new Set(listOf(state.hide));
  const show = new Set(listOf(state.show));
  const shown = allColumns.filter(({ key, kind }) => {
    if (hide.has(key)) return false;
    return !HIDDEN_AT_FIRST.has(key) || show.has(key) || (state.differs && kind === 'config');
  });
  return shown.sort((a, b) => (b.key === state.metric) - (a.key === state.metric)); // the page's metric leads
}

function toggleColumn({ key }) {
  if (HIDDEN_AT_FIRST.has(key)) set({ show: toggled(state.show, key) });
  else set({ hide: toggled(state.hide, key) });
}

function stateCell(run) {
  const share = run.total ? Math.round((100 * (run.step ?? 0)) / run.total) : 0;
  const text = run.state === 'running' ? `${share} %` : run.state;
  return h('span', { class: `state ${run.state}`, title: run.error ?? `${run.step ?? 0} of ${run.total ?? '?'} steps` }, text);
}
